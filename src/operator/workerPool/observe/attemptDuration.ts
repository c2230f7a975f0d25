// How long attempts of each pool take, learnt from what the stream says: a mean that follows changes.

import type { TaskState } from '../../../job/task.ts';
import type { Change } from '../../../readmodel/jobIndex.ts';

/** ms; what an image takes, until the pool has shown its own. */
const prior = 15_000;
/** The share of the newest attempt once some are known. */
const weight = 0.1;

/** Attempts that ended for another reason than their own say nothing of how long one takes. */
const cutShort: ReadonlySet<string> = new Set(['WorkerLost', 'WorkerDrained', 'TaskOrphaned', 'Cancelled', 'Deleted']);

export class AttemptPace {
  readonly #pools = new Map<string, { mean: number; seen: number }>();

  observe({ before, after }: Pick<Change, 'before' | 'after'>): void {
    const took = attemptLength(before?.state, after.state);
    if (took === undefined) return;
    const { pool } = after.state.of;
    const { mean, seen } = this.#pools.get(pool) ?? { mean: prior, seen: 0 };
    const share = Math.max(weight, 1 / (seen + 2));
    this.#pools.set(pool, { mean: mean + (took - mean) * share, seen: seen + 1 });
  }

  /** ms, at least 1. */
  mean(pool: string): number {
    return Math.max(1, this.#pools.get(pool)?.mean ?? prior);
  }

  forget(pool: string): void {
    this.#pools.delete(pool);
  }
}

function attemptLength(before: TaskState | undefined, after: TaskState): number | undefined {
  if (before?.state !== 'running' || after.state === 'running' || cutShort.has(after.reason)) return undefined;
  return Math.max(0, after.since - before.startedAt);
}
