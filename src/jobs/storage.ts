// The storage that is full, as this process and the workers of the installation know it.

import { worstStorage, type FullStorage } from '../job/storage.ts';
import type { JobsContext } from './context.ts';

export type StorageView = Pick<JobsContext, 'storage' | 'workers' | 'clock' | 'heartbeatTimeoutMs'>;

/** Undefined while there is room. Heartbeats arrive although nothing can be stored. */
export function fullStorage({
  storage,
  workers,
  clock,
  heartbeatTimeoutMs = 6_000,
}: StorageView): FullStorage | undefined {
  const own = storage?.full();
  const since = clock.now() - heartbeatTimeoutMs;
  const told = workers.list().flatMap(({ beat, lastBeat }) => (lastBeat > since ? (beat.storage ?? []) : []));
  return worstStorage([...(own === undefined ? [] : [own]), ...told]);
}
