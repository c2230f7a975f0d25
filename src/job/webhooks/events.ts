// Which events of a job a webhook can have, which of them a transition is, and how each is named, so that the same transition
// always makes the same event.

import { isOpen, type TaskState } from '../task.ts';
import type { JobId, TaskIndex } from '../ids.ts';
import type { WebhookEvent } from './eventTypes.ts';

/** The event of a task that this state is, if the job wants it; `job.finished` depends on all tasks of the job. */
export function taskEventOf({ of: { webhook }, state }: TaskState): 'task.succeeded' | 'task.needs_review' | undefined {
  const event = state === 'succeeded' ? 'task.succeeded' : state === 'needs_review' ? 'task.needs_review' : undefined;
  return event !== undefined && webhook?.includes(event) === true ? event : undefined;
}

/** Whether the job wants `job.finished` and this state may be the end of it. */
export function mayFinishJob(state: TaskState): boolean {
  return !isOpen(state) && state.state !== 'deleted' && state.of.webhook?.includes('job.finished') === true;
}

/** A task succeeds, and awaits review, at most once in a run. */
export const taskEventId = (job: JobId, task: TaskIndex, run: number, event: WebhookEvent): string =>
  `${job}-${task}-${run}-${event === 'task.succeeded' ? 'succeeded' : 'needs-review'}`;

/**
 * A retried job finishes again: each finish has a higher sum of runs than the one before. `states` are those of all tasks at
 * the finish.
 */
export function finishedEventId(job: JobId, states: readonly TaskState[]): string {
  return `${job}-finished-${states.reduce((sum, { run }) => sum + run, 0)}`;
}

/** The job of an event's id; undefined for text that is no such id. */
export function jobOfEventId(id: string): JobId | undefined {
  return /^([0-9a-z]{26})-(?:finished-\d{1,9}|\d{1,3}-\d{1,6}-(?:succeeded|needs-review))$/.exec(id)?.[1];
}
