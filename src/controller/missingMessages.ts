// Finds queued tasks whose message the queue will never deliver: two searches half a minute apart both find every message up
// to theirs acknowledged. This guards against a bug, ours or the server's; nothing known leads here.

import type { JobId, TaskIndex } from '../job/ids.ts';
import type { Lane, Sequence } from '../job/task.ts';
import type { IndexedTask } from '../readmodel/jobIndex.ts';
import { taskKey, type TaskKey } from '../readmodel/taskKey.ts';

/** The sequence up to which every message of a lane is acknowledged. */
export type Floors = Readonly<Record<Lane, Sequence>>;

export class MissingMessages {
  #suspected = new Map<TaskKey, Sequence>();
  #missing = new Map<TaskKey, Sequence>();

  /** Returns the tasks whose message is missing. `floors` are by pool; call this half a minute apart. */
  search(open: Iterable<IndexedTask>, floors: ReadonlyMap<string, Floors>): TaskKey[] {
    const suspected = new Map<TaskKey, Sequence>();
    for (const { sequence, state } of open) {
      if (state.state !== 'queued' || sequence > (floors.get(state.of.pool)?.[state.lane] ?? 0)) continue;
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
