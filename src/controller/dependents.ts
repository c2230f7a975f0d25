// Knows which tasks wait for others of their job, so that the end of a task wakes those that wait for it, and looks up what
// they wait for.

import type { JobId, TaskIndex } from '../job/ids.ts';
import { endedInVain } from '../job/rules/dependencyFailed.ts';
import { isHeld, isOpen, type Held, type TaskState } from '../job/task.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobLog } from '../ports/jobLog.ts';
import type { Follower } from '../readmodel/follower.ts';
import type { Change, IndexedTask } from '../readmodel/jobIndex.ts';
import { taskKey, type TaskKey } from '../readmodel/taskKey.ts';

export class Dependents {
  /** The held tasks of each job. */
  readonly #held = new Map<JobId, Map<TaskIndex, readonly TaskIndex[]>>();

  constructor(open: Iterable<IndexedTask>) {
    for (const { state } of open) this.#note(state);
  }

  /** Call it at every change; returns the tasks that wait for one that has just ended. */
  update({ after: { state } }: Change): TaskKey[] {
    this.#note(state);
    const held = isOpen(state) ? undefined : this.#held.get(state.of.job);
    if (held === undefined) return [];
    const { job, task } = state.of;
    return [...held].filter(([, after]) => after.includes(task)).map(([waiting]) => taskKey(job, waiting));
  }

  clear(): void {
    this.#held.clear();
  }

  #note(state: TaskState): void {
    const { job, task, after = [] } = state.of;
    const held = this.#held.get(job);
    if (isHeld(state)) {
      this.#held.set(job, (held ?? new Map<TaskIndex, readonly TaskIndex[]>()).set(task, after));
    } else if (held?.delete(task) === true && held.size === 0) this.#held.delete(job);
  }
}

interface Reads {
  readonly log: Pick<JobLog, 'read' | 'last'>;
  readonly follower: Follower;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * The tasks that a held one waits for. The index may have been started after they ended, and a retry may have started them
 * again, so those that are missing or ended in vain are read from the stream; once it is due, all of them.
 */
export async function parentsOf(
  { of, dueAt }: Held,
  { log, follower, clock }: Reads,
): Promise<readonly (TaskState | undefined)[]> {
  const { job, pool, after = [] } = of;
  const known = (task: TaskIndex): TaskState | undefined => follower.index.task(job, task)?.state;
  if (clock.now() >= dueAt || after.some((task) => known(task) === undefined)) {
    const record = await log.read(job, pool);
    for (const { last } of record?.tasks ?? []) follower.applyOwn(last);
  }
  const doubtful = after.filter((task) => {
    const state = known(task);
    return state !== undefined && endedInVain(state);
  });
  // One of them is enough to fail the task.
  const [first] = doubtful;
  const last = first === undefined ? undefined : await log.last({ pool, job, task: first });
  if (last !== undefined) follower.applyOwn(last);
  return after.map(known);
}
