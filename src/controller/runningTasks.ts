// Which tasks each worker runs, as the index says.

import type { Change } from '../readmodel/jobIndex.ts';
import { taskKey, type TaskKey } from '../readmodel/taskKey.ts';

const none: ReadonlySet<TaskKey> = new Set();

export class RunningTasks {
  readonly #byWorker = new Map<string, Set<TaskKey>>();

  take({ before, after }: Change): void {
    const key = taskKey(after.state.of.job, after.state.of.task);
    if (before?.state.state === 'running') this.#remove(before.state.worker, key);
    if (after.state.state === 'running') this.#add(after.state.worker, key);
  }

  of(worker: string): ReadonlySet<TaskKey> {
    return this.#byWorker.get(worker) ?? none;
  }

  workers(): IterableIterator<string> {
    return this.#byWorker.keys();
  }

  /** Forgets what the index no longer knows: jobs leave it without a change when their retention is over. */
  keep(isRunning: (key: TaskKey) => boolean): void {
    for (const [worker, keys] of this.#byWorker) for (const key of keys) if (!isRunning(key)) this.#remove(worker, key);
  }

  clear(): void {
    this.#byWorker.clear();
  }

  #add(worker: string, key: TaskKey): void {
    const keys = this.#byWorker.get(worker) ?? new Set();
    keys.add(key);
    this.#byWorker.set(worker, keys);
  }

  #remove(worker: string, key: TaskKey): void {
    const keys = this.#byWorker.get(worker);
    keys?.delete(key);
    if (keys?.size === 0) this.#byWorker.delete(worker);
  }
}
