// Tracks when a task of each pool was last claimed, which shows whether the pool's queue makes progress.

import { servingPool } from '../job/target.ts';
import type { Instant, TaskState } from '../job/task.ts';
import type { Follower } from './follower.ts';

export class LastClaims {
  readonly #claims = new Map<string, Instant>();
  readonly #stop: () => void;

  constructor(follower: Pick<Follower, 'index' | 'onChange'>) {
    for (const { tasks } of follower.index.newestFirst()) for (const task of tasks) if (task) this.#record(task.state);
    this.#stop = follower.onChange(({ after }) => this.#record(after.state));
  }

  /** Null if no claim is known. */
  of(pool: string): Instant | null {
    return this.#claims.get(pool) ?? null;
  }

  close(): void {
    this.#stop();
  }

  #record(state: TaskState): void {
    const { startedAt } = state;
    const pool = servingPool(state);
    if (startedAt !== null && startedAt > (this.#claims.get(pool) ?? 0)) this.#claims.set(pool, startedAt);
  }
}
