// Finds queued tasks that the queue will never deliver: in two searches, half a minute apart, every message up to the task's
// own is acknowledged. This guards against bugs in Genwarden or nats-server; no known bug causes it.

import type { JobId, TaskIndex } from '../job/ids.ts';
import { placeOf } from '../job/parts.ts';
import { servingPool } from '../job/target.ts';
import type { Sequence } from '../job/task.ts';
import type { AckFloors } from '../ports/taskQueue.ts';
import type { IndexedTask } from '../readmodel/jobIndex.ts';
import { taskKey, type TaskKey } from '../readmodel/taskKey.ts';

export class MissingMessages {
  #suspected = new Map<TaskKey, Sequence>();
  #missing = new Map<TaskKey, Sequence>();

  /** Returns the tasks with a missing message. `floors` is keyed by pool. Call it every half minute. */
  search(open: Iterable<IndexedTask>, floors: ReadonlyMap<string, AckFloors>): TaskKey[] {
    const suspected = new Map<TaskKey, Sequence>();
    for (const { sequence, state } of open) {
      if (state.state !== 'queued') continue;
      if (sequence > (floors.get(servingPool(state))?.(placeOf(state)) ?? 0)) continue;
      suspected.set(taskKey(state.of.job, state.of.task), sequence);
    }
    const before = this.#suspected;
    this.#suspected = suspected;
    this.#missing = new Map([...suspected].filter(([key, sequence]) => before.get(key) === sequence));
    return [...this.#missing.keys()];
  }

  has(job: JobId, task: TaskIndex, sequence: Sequence): boolean {
    return this.#missing.get(taskKey(job, task)) === sequence;
  }
}
