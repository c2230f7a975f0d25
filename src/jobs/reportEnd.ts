// What follows when a request has ended a task: its worker is asked to cancel the attempt, and the caller is notified.

import type { Cancelled, Failed, OpenTask } from '../job/task.ts';
import type { TaskChange } from './changeTasks.ts';
import type { JobsContext } from './context.ts';

/** Does nothing if the task was left unchanged. */
export function reportEnd(
  { heartbeats, onTaskEnded }: Pick<JobsContext, 'heartbeats' | 'onTaskEnded'>,
  { task, replaced }: TaskChange,
): void {
  if (replaced === undefined) return;
  const before = replaced.state as OpenTask;
  const { state, detail } = task.last;
  const after = state as Cancelled | Failed;
  if (before.state === 'running') {
    const { job, task: index } = before.of;
    heartbeats.sendCancellation(before.worker, { job, task: index, claim: replaced.sequence, reason: after.reason });
  }
  onTaskEnded({ before, after, message: detail.message });
}
