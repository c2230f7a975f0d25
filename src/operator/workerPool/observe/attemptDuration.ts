// The mean duration of each pool's attempts, learned from the stream: an exponentially weighted moving average.

import type { TaskState } from '../../../job/task.ts';
import type { Change } from '../../../readmodel/jobIndex.ts';

/** What an image takes, ms. Used until an attempt of the pool has finished. */
const initialMean = 15_000;
/** The weight of the newest attempt; the first few weigh more. */
const minWeight = 0.1;

/** Attempts that were cut short from outside do not count. */
const interrupted: ReadonlySet<string> = new Set([
  'WorkerLost',
  'WorkerDrained',
  'TaskOrphaned',
  'Cancelled',
  'Deleted',
]);

export class AttemptDurations {
  readonly #pools = new Map<string, { mean: number; count: number }>();

  observe({ before, after }: Pick<Change, 'before' | 'after'>): void {
    const took = attemptDuration(before?.state, after.state);
    if (took === undefined) return;
    const { pool } = after.state.of;
    const { mean, count } = this.#pools.get(pool) ?? { mean: initialMean, count: 0 };
    const weight = Math.max(minWeight, 1 / (count + 2));
    this.#pools.set(pool, { mean: mean + (took - mean) * weight, count: count + 1 });
  }

  /** ms, at least 1. */
  mean(pool: string): number {
    return Math.max(1, this.#pools.get(pool)?.mean ?? initialMean);
  }

  forget(pool: string): void {
    this.#pools.delete(pool);
  }
}

function attemptDuration(before: TaskState | undefined, after: TaskState): number | undefined {
  if (before?.state !== 'running' || after.state === 'running' || interrupted.has(after.reason)) return undefined;
  return Math.max(0, after.since - before.startedAt);
}
