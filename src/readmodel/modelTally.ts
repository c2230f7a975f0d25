// Counts the queued tasks of each pool by model, as they come and go.

import { targetOf } from '../job/target.ts';
import type { TaskState } from '../job/task.ts';
import { addTo } from './tally.ts';

export class ModelTally {
  readonly #pools = new Map<string, Map<string, number>>();

  /** Adds a task, or removes it with -1. Tasks that are not queued do not count. */
  count(state: TaskState, by: 1 | -1): void {
    if (state.state !== 'queued') return;
    const { pool, model } = targetOf(state);
    const models = this.#pools.get(pool) ?? new Map<string, number>();
    this.#pools.set(pool, models);
    addTo(models, model, by);
  }

  /** Only models with queued tasks. */
  of(pool: string): ReadonlyMap<string, number> {
    return this.#pools.get(pool) ?? new Map<string, number>();
  }

  clear(): void {
    this.#pools.clear();
  }
}
