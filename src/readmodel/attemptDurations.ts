// How long attempts of each pool and model take, learned from the stream: exponentially weighted moving averages.

import { targetOf } from '../job/target.ts';
import type { TaskState } from '../job/task.ts';
import type { Follower } from './follower.ts';
import type { IndexedTask, JobIndex } from './jobIndex.ts';

/** What an image takes, ms. Used until an attempt of the pool has finished. */
const initialMean = 15_000;
/** The weight of the newest attempt; the first few weigh more. */
const minWeight = 0.1;
/** The tasks with which `learn` starts. */
const learned = 1_000;
/** A pool offers a few models; a map of more has old ones. */
const maxModels = 1_000;

/** Attempts that were cut short from outside do not count. */
const interrupted: ReadonlySet<string> = new Set([
  'WorkerLost',
  'WorkerDrained',
  'TaskOrphaned',
  'Cancelled',
  'Deleted',
]);

interface Observed {
  readonly before: Pick<IndexedTask, 'state'> | undefined;
  readonly after: Pick<IndexedTask, 'state'>;
}

interface Average {
  readonly mean: number;
  readonly count: number;
}

export class AttemptDurations {
  readonly #pools = new Map<string, Average>();
  /** By pool and model. */
  readonly #models = new Map<string, Average>();

  observe({ before, after }: Observed): void {
    const took = attemptDuration(before?.state, after.state);
    if (took !== undefined) this.#record(after.state, took);
  }

  /** Starts with the newest succeeded tasks of the index. */
  learn(index: Pick<JobIndex, 'newestFirst'>): void {
    const found: TaskState[] = [];
    for (const { tasks } of index.newestFirst()) {
      if (found.length >= learned) break;
      for (const task of tasks) if (task !== undefined) found.push(task.state);
    }
    for (const state of found.toReversed()) this.observe({ before: undefined, after: { state } });
  }

  /** ms, at least 1. */
  mean(pool: string): number {
    return Math.max(1, this.#pools.get(pool)?.mean ?? initialMean);
  }

  /** The mean of so many tasks of each model, ms, at least 1; null if none of the models is known. */
  meanOf(pool: string, tasks: ReadonlyMap<string, number>): number | null {
    let [sum, known] = [0, 0];
    for (const [model, count] of tasks) {
      const average = this.#models.get(keyOf(pool, model));
      if (average === undefined) continue;
      sum += count * average.mean;
      known += count;
    }
    return known === 0 ? null : Math.max(1, sum / known);
  }

  forget(pool: string): void {
    this.#pools.delete(pool);
  }

  #record(state: TaskState, took: number): void {
    const { pool, model } = targetOf(state);
    if (this.#models.size >= maxModels) this.#models.clear();
    add(this.#pools, state.of.pool, took, initialMean);
    add(this.#models, keyOf(pool, model), took, took);
  }
}

/** Neither has a line break. */
const keyOf = (pool: string, model: string): string => `${pool}\n${model}`;

function add(averages: Map<string, Average>, key: string, took: number, initial: number): void {
  const { mean, count } = averages.get(key) ?? { mean: initial, count: 0 };
  const weight = Math.max(minWeight, 1 / (count + 2));
  averages.set(key, { mean: mean + (took - mean) * weight, count: count + 1 });
}

function attemptDuration(before: TaskState | undefined, after: TaskState): number | undefined {
  if (after.state === 'running' || interrupted.has(after.reason)) return undefined;
  if (before?.state === 'running') return Math.max(0, after.since - before.startedAt);
  // This process did not see the attempt.
  if (before !== undefined || after.reason !== 'Succeeded' || after.startedAt === null) return undefined;
  return Math.max(0, after.since - after.startedAt);
}

/** Learns from the index, and then from every change. Returns a function that stops it. */
export function followAttempts(
  durations: AttemptDurations,
  follower: Pick<Follower, 'index' | 'onChange'>,
): () => void {
  durations.learn(follower.index);
  return follower.onChange((change) => durations.observe(change));
}
