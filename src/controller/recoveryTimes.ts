// Measures recovery: from the last sign of a lost worker until its task runs again or is terminal.

import type { TaskState } from '../job/task.ts';
import { elapsed, type Monotonic } from '../job/time.ts';
import type { TaskKey } from '../readmodel/taskKey.ts';

export interface Recovered {
  readonly rule: string;
  /** ms */
  readonly took: number;
}

export class RecoveryTimes {
  readonly #open = new Map<TaskKey, { rule: string; since: Monotonic }>();

  /** A rule found the worker lost; it was last heard at `since`. */
  begin(key: TaskKey, rule: string, since: Monotonic): void {
    this.#open.set(key, { rule, since });
  }

  /** The recovery that ends with the task's new state, seen at `at`. */
  end(key: TaskKey, state: TaskState, at: Monotonic): Recovered | undefined {
    const recovery = this.#open.get(key);
    if (recovery === undefined || state.state === 'queued' || state.state === 'waiting') return undefined;
    this.#open.delete(key);
    return { rule: recovery.rule, took: elapsed(recovery.since, at) };
  }

  clear(): void {
    this.#open.clear();
  }
}
