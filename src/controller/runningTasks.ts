// The running tasks of each worker, according to the index.

import type { TaskState } from '../job/task.ts';
import { taskKey, type TaskKey } from '../readmodel/taskKey.ts';

const none: ReadonlySet<TaskKey> = new Set();

export class RunningTasks {
  readonly #byWorker = new Map<string, Set<TaskKey>>();

  update(before: TaskState | undefined, after: TaskState): void {
    const key = taskKey(after.of.job, after.of.task);
    if (before?.state === 'running') this.#remove(before.worker, key);
    if (after.state === 'running') this.#add(after.worker, key);
  }

  of(worker: string): ReadonlySet<TaskKey> {
    return this.#byWorker.get(worker) ?? none;
  }

  workers(): IterableIterator<string> {
    return this.#byWorker.keys();
  }

  /** Keeps only these: jobs leave the index without a change when their retention ends. */
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
