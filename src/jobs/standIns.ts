// Pools whose workers get their answers from a stand-in, as their heartbeats say.

import type { WorkerDirectory } from '../readmodel/workerDirectory.ts';

/** Their names, in order. */
export function standInPools(workers: Pick<WorkerDirectory, 'list'>): ReadonlySet<string> {
  const names = workers.list().flatMap(({ beat }) => (beat.standIn === true ? [beat.pool] : []));
  return new Set(names.toSorted());
}
