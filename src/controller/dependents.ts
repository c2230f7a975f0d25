// Knows which tasks wait for others of their job, so that the end of a task wakes those that wait for it, and looks up what
// they wait for.

import type { JobId, TaskIndex } from '../job/ids.ts';
import { mustConfirm, mustReadAll } from '../job/chains/parents.ts';
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

/** The tasks that a held one waits for; those that this process may know too little of are read from the stream first. */
export async function parentsOf(
  held: Held,
  { log, follower, clock }: Reads,
): Promise<readonly (TaskState | undefined)[]> {
  const { job, pool, after = [] } = held.of;
  const known = (task: TaskIndex): TaskState | undefined => follower.index.task(job, task)?.state;
  if (mustReadAll(held, after.map(known), clock.now())) {
    const record = await log.read(job, pool);
    for (const { last } of record?.tasks ?? []) follower.applyOwn(last);
  }
  for (const task of after) {
    if (!mustConfirm(known(task))) continue;
    const last = await log.last({ pool, job, task });
    if (last !== undefined) follower.applyOwn(last);
    // One of them is enough to fail the task.
    if (mustConfirm(known(task))) break;
  }
  return after.map(known);
}
