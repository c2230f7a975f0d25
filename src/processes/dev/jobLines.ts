// One line in the log of `genwarden dev` for each job that ends, or that waits for a reviewer.

import { about } from '../../job/duration.ts';
import { count } from '../../job/explain/format.ts';
import { awaitsReview, countStates, jobState, type JobState } from '../../job/jobState.ts';
import { logEvent, type EventLogger } from '../../job/logEvents/index.ts';
import { isOpen, type TaskState } from '../../job/task.ts';
import type { Instant } from '../../job/time.ts';
import type { Follower } from '../../readmodel/follower.ts';
import type { Change } from '../../readmodel/jobIndex.ts';

export interface JobLines {
  /** The number of jobs that have not ended. */
  openJobs(): number;
  close(): void;
}

/** Reports what is written after `since`: what earlier runs of `dev` did is no news. */
export function logJobs(follower: Follower, logger: EventLogger, since: Instant): JobLines {
  const stop = follower.onChange((change) => {
    if (change.entry.at >= since) tell(change);
  });
  return { openJobs: () => new Set(follower.index.openTasks().map(({ state }) => state.of.job)).size, close: stop };

  function tell({ entry, before, after }: Change): void {
    const { job, task } = entry.state.of;
    const tasks = follower.index.job(job)?.tasks.flatMap((one) => one?.state ?? []) ?? [];
    if (tasks.length < entry.state.of.total || after.state.state === 'deleted') return;
    const now = stageOf(tasks);
    if (before === undefined || now === undefined) return;
    if (now === stageOf(tasks.map((one) => (one.of.task === task ? before.state : one)))) return;
    logEvent(logger, 'dev_job', { job, state: now }, jobLine(now, tasks));
  }
}

/** Undefined while something is still done for the job. */
function stageOf(tasks: readonly TaskState[]): JobState | undefined {
  if (awaitsReview(tasks)) return 'needs_review';
  return tasks.some(isOpen) ? undefined : jobState(countStates(tasks));
}

function jobLine(stage: JobState, tasks: readonly TaskState[]): string {
  const { job, submittedAt } = tasks[0]!.of;
  const counts = countStates(tasks);
  if (stage === 'needs_review') return `Job ${job} waits for your review of ${count(counts.needs_review, 'task')}`;
  const end = Math.max(...tasks.map((task) => ('finishedAt' in task ? task.finishedAt : submittedAt)));
  const time = about(end - submittedAt);
  if (stage === 'succeeded')
    return `Job ${job} succeeded in ${time}${tasks.length === 1 ? '' : `: ${count(tasks.length, 'task')}`}`;
  if (stage === 'cancelled') return `Job ${job} was cancelled after ${time}`;
  const reasons = [...new Set(tasks.flatMap((task) => (task.state === 'failed' ? [task.reason] : [])))];
  const share = tasks.length === 1 ? '' : `${counts.failed} of ${count(tasks.length, 'task')}, `;
  return `Job ${job} failed after ${time}: ${share}${reasons.join(', ')}`;
}
