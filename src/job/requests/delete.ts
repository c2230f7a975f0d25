// Delete: every task of a finished job gets a tombstone, which refuses a late retry.

import { GenwardenError } from '../errors/index.ts';
import { isOpen, type Instant, type TaskState } from '../task.ts';
import { cancelled, deleted } from '../transitions.ts';
import { nothing, refuse, write, type Decision } from './decision.ts';

/** The first tombstone of a job: an open task refuses it. */
export function deleteFinishedTask(state: TaskState, now: Instant): Decision {
  const refusal = refusalOfDelete(state);
  return refusal === undefined ? deleteTask(state, now) : refuse(refusal);
}

/**
 * The other tombstones: the job is already deleted for every reader, so a task that a retry reopened in the meantime is
 * cancelled first. Repeat until nothing is left to write.
 */
export function deleteTask(state: TaskState, now: Instant): Decision {
  if (isOpen(state)) {
    return write({ state: cancelled(state, now), detail: { message: 'Cancelled because its job was deleted' } });
  }
  return state.state === 'deleted' ? nothing : write({ state: deleted(state, now), detail: { message: 'Deleted' } });
}

export function refusalOfDelete(state: TaskState): GenwardenError | undefined {
  if (!isOpen(state)) return undefined;
  return new GenwardenError('JobNotFinished', `Job ${state.of.job} has not finished: cancel it first`);
}
