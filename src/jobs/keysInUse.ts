// The keys of a pool that its workers still have. The record of a key stays for an hour after its last worker ended without
// removing it, and a refused key that was replaced would look like a problem for so long.

import type { KeyState } from '../ports/keyRing.ts';
import type { WorkerDirectory } from '../readmodel/workerDirectory.ts';

/** All of `states` while no worker runs, or while one is of a version whose heartbeats do not list its keys. */
export function keysInUse(
  workers: Pick<WorkerDirectory, 'list'>,
  pool: string,
  states: readonly KeyState[],
): readonly KeyState[] {
  const beats = workers.list().flatMap(({ beat }) => (beat.pool === pool ? beat : []));
  const open = beats.filter(({ draining }) => !draining);
  const lists = (open.length > 0 ? open : beats).map(({ keys }) => keys);
  if (lists.length === 0 || lists.includes(undefined)) return states;
  const used = new Set(lists.flatMap((keys) => keys ?? []));
  return states.filter(({ fingerprint }) => used.has(fingerprint));
}
