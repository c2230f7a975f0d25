// After a request has ended a task: the worker that runs it stops, and the caller hears of it.

import type { Cancelled, Failed, OpenTask } from '../job/task.ts';
import type { TaskChange } from './changeTasks.ts';
import type { JobsContext } from './context.ts';

/** Does nothing where the task was left as it is. */
export function reportEnd(
  { heartbeats, onTaskEnded }: Pick<JobsContext, 'heartbeats' | 'onTaskEnded'>,
  { task, over }: TaskChange,
): void {
  if (over === undefined) return;
  const before = over.state as OpenTask;
  const { state, detail } = task.last;
  const after = state as Cancelled | Failed;
  if (before.state === 'running') {
    const { job, task: index } = before.of;
    heartbeats.recall(before.worker, { job, task: index, claim: over.sequence, reason: after.reason });
  }
  onTaskEnded({ before, after, message: detail.message });
}
