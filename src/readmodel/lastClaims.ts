// When a worker last claimed a task of each pool, which shows whether the pool's queue moves.

import type { Instant, TaskState } from '../job/task.ts';
import type { Follower } from './follower.ts';

export class LastClaims {
  readonly #claims = new Map<string, Instant>();
  readonly #stop: () => void;

  constructor(follower: Pick<Follower, 'index' | 'onChange'>) {
    for (const { tasks } of follower.index.newestFirst()) for (const task of tasks) if (task) this.#note(task.state);
    this.#stop = follower.onChange(({ after }) => this.#note(after.state));
  }

  /** Null if none is known. */
  of(pool: string): Instant | null {
    return this.#claims.get(pool) ?? null;
  }

  close(): void {
    this.#stop();
  }

  #note({ of: { pool }, startedAt }: TaskState): void {
    if (startedAt !== null && startedAt > (this.#claims.get(pool) ?? 0)) this.#claims.set(pool, startedAt);
  }
}
