// Queued tasks whose message the queue will never deliver: it counts every message up to theirs as acknowledged, in two
// looks half a minute apart. This guards against a bug, ours or the server's; nothing known leads here.

import type { JobId, TaskIndex } from '../job/ids.ts';
import type { Lane, Sequence } from '../job/task.ts';
import type { IndexedTask } from '../readmodel/jobIndex.ts';
import { taskKey, type TaskKey } from '../readmodel/taskKey.ts';

/** For each pool, the sequence up to which every message of a lane is acknowledged. */
export type Floors = ReadonlyMap<string, Readonly<Record<Lane, Sequence>>>;

export class LostMessages {
  #suspected = new Map<TaskKey, Sequence>();
  #lost = new Map<TaskKey, Sequence>();

  /** One look over the open tasks; returns those whose message is lost. Two looks must be half a minute apart. */
  look(open: Iterable<IndexedTask>, floors: Floors): TaskKey[] {
    const suspected = new Map<TaskKey, Sequence>();
    for (const { sequence, state } of open) {
      if (state.state !== 'queued' || sequence > (floors.get(state.of.pool)?.[state.lane] ?? 0)) continue;
      suspected.set(taskKey(state.of.job, state.of.task), sequence);
    }
    const before = this.#suspected;
    this.#suspected = suspected;
    this.#lost = new Map([...suspected].filter(([key, sequence]) => before.get(key) === sequence));
    return [...this.#lost.keys()];
  }

  has(job: JobId, task: TaskIndex, sequence: Sequence): boolean {
    return this.#lost.get(taskKey(job, task)) === sequence;
  }
}
