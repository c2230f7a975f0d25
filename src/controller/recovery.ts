// How long recovery takes: from the loss of a worker to its task running again or terminal.

import { elapsed, type Monotonic } from '../job/time.ts';
import type { TaskState } from '../job/task.ts';
import type { TaskKey } from '../readmodel/taskKey.ts';

export interface Recovered {
  readonly rule: string;
  /** ms */
  readonly took: number;
}

export class Recoveries {
  readonly #open = new Map<TaskKey, { rule: string; since: Monotonic }>();

  /** A rule found the task lost; its worker was last heard of at the monotonic moment `since`. */
  begin(key: TaskKey, rule: string, since: Monotonic): void {
    this.#open.set(key, { rule, since });
  }

  /** What the task's new state, seen at the monotonic moment `at`, ends. */
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
