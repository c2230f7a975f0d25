// Which of the tasks that a held one waits for must be read before it is judged, because what a process knows of them may be old.

import type { Held, Instant, TaskState } from '../task.ts';

/** Only a retry of its job could make it succeed. */
export const endedInVain = (parent: TaskState): boolean =>
  parent.state === 'failed' || parent.state === 'cancelled' || parent.state === 'deleted';

/** Some are not known, or the task is due and would fail if one of them had not ended. */
export const mustReadAll = (
  { dueAt }: Pick<Held, 'dueAt'>,
  known: readonly (TaskState | undefined)[],
  now: Instant,
): boolean => now >= dueAt || known.includes(undefined);

/** One that ended in vain would fail the task, although a retry may have started it again. One that succeeded stays so. */
export const mustConfirm = (parent: TaskState | undefined): boolean => parent !== undefined && endedInVain(parent);
