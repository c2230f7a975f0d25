// Measures recoveries: from the last heartbeat of a lost worker until its task runs again or is terminal.

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

  /** A rule considered the worker lost; its last heartbeat was at `since`. */
  begin(key: TaskKey, rule: string, since: Monotonic): void {
    this.#open.set(key, { rule, since });
  }

  /** Ends the recovery if the task's new state, seen at `at`, completes it. */
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
