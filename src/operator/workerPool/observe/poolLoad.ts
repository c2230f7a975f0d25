// The number of queued and running tasks of a pool, from the index of the stream.

import { servingPool } from '../../../job/target.ts';
import type { Instant } from '../../../job/task.ts';
import type { Follower } from '../../../readmodel/follower.ts';

export interface PoolLoad {
  readonly queued: number;
  readonly running: number;
  /** When the oldest queued task was queued. */
  readonly oldestQueued: Instant | undefined;
}

/** Undefined while the index is not current. */
export function loadOf({ index, ready }: LoadSource, pool: string): PoolLoad | undefined {
  if (!ready().ready) return undefined;
  const counts = index.counts().get(pool);
  const queued = counts?.queued ?? 0;
  return { queued, running: counts?.running ?? 0, oldestQueued: index.queueOrder.oldest(pool) ?? undefined };
}

/** The number of running tasks of each worker by the stream, which is newer than its last heartbeat. */
export function runningByWorker({ index }: Pick<LoadSource, 'index'>, pool: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { state } of index.openTasks()) {
    if (state.state !== 'running' || servingPool(state) !== pool) continue;
    counts.set(state.worker, (counts.get(state.worker) ?? 0) + 1);
  }
  return counts;
}

interface LoadSource {
  readonly index: Pick<Follower['index'], 'counts' | 'openTasks' | 'queueOrder'>;
  readonly ready: Follower['ready'];
}
