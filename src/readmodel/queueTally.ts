// Counts the queued tasks of each pool by lane and by model, as they come and go.

import { targetOf } from '../job/target.ts';
import { lanes, type Lane, type TaskState } from '../job/task.ts';

export interface QueuedTasks {
  readonly lanes: Readonly<Record<Lane, number>>;
  /** Only models with queued tasks. */
  readonly models: ReadonlyMap<string, number>;
}

interface Counted {
  readonly lanes: Record<Lane, number>;
  readonly models: Map<string, number>;
}

export class QueueTally {
  readonly #pools = new Map<string, Counted>();

  /** Adds a task, or removes it with -1. Tasks that are not queued do not count. */
  count(state: TaskState, by: 1 | -1): void {
    if (state.state !== 'queued') return;
    const { pool, model } = targetOf(state);
    const counted = this.#pools.get(pool) ?? nothing();
    this.#pools.set(pool, counted);
    counted.lanes[state.lane] += by;
    const left = (counted.models.get(model) ?? 0) + by;
    if (left > 0) counted.models.set(model, left);
    else counted.models.delete(model);
  }

  of(pool: string): QueuedTasks {
    return this.#pools.get(pool) ?? nothing();
  }

  clear(): void {
    this.#pools.clear();
  }
}

const nothing = (): Counted => ({
  lanes: Object.fromEntries(lanes.map((lane) => [lane, 0])) as Record<Lane, number>,
  models: new Map(),
});
