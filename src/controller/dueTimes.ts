// Schedules the next check of each open task, by the server's time.

import { firstCheck } from '../job/rules/timing.ts';
import { isOpen } from '../job/task.ts';
import type { Instant } from '../job/time.ts';
import type { IndexedTask, JobIndex } from '../readmodel/jobIndex.ts';
import { fromTaskKey, taskKey, type TaskKey } from '../readmodel/taskKey.ts';
import { Schedule } from '../job/schedule.ts';
import type { WakeUpTimer } from './wakeUpTimer.ts';

export class DueTimes {
  readonly #schedule = new Schedule<Instant>();
  readonly #index: JobIndex;
  readonly #timer: WakeUpTimer;

  constructor(index: JobIndex, timer: WakeUpTimer) {
    this.#index = index;
    this.#timer = timer;
    for (const task of index.openTasks()) this.update(task);
  }

  get next(): Instant {
    return this.#schedule.next() ?? Infinity;
  }

  /** Call it when the index has a new state of the task. */
  update({ state }: IndexedTask): void {
    const key = taskKey(state.of.job, state.of.task);
    if (isOpen(state)) this.#schedule.set(key, firstCheck(state));
    else this.#schedule.delete(key);
  }

  /** Checks the task again at `at`, and wakes the controller in time for it. */
  checkAgain(key: TaskKey, at: Instant): void {
    this.#schedule.set(key, at);
    this.#timer.wakeBy(at);
  }

  takeDue(now: Instant): TaskKey | undefined {
    return this.#schedule.takeDue(now);
  }

  /**
   * Rebuilds the schedule from the index. Drops tasks that left the index without a change, for example at the end of
   * their retention.
   */
  rescan(): void {
    for (const task of this.#index.openTasks()) this.update(task);
    for (const key of this.#schedule.keys()) if (!this.#isOpen(key)) this.#schedule.delete(key);
  }

  clear(): void {
    this.#schedule.clear();
  }

  #isOpen(key: TaskKey): boolean {
    const { job, task } = fromTaskKey(key);
    const state = this.#index.task(job, task)?.state;
    return state !== undefined && isOpen(state);
  }
}
