// Retries the failed and cancelled tasks of a finished job: each starts a new run with fresh budgets.

import { latestEnd } from '../job/budgets.ts';
import { formatDuration } from '../job/duration.ts';
import { GenwardenError } from '../job/errors/index.ts';
import type { JobId } from '../job/ids.ts';
import { isOpen, type Cancelled, type Failed, type Instant, type Queued, type TaskState } from '../job/task.ts';
import { newRun } from '../job/transitions.ts';
import type { JobRecord, TaskRecord } from '../ports/jobLog.ts';
import type { ApiContext } from '../api/options.ts';
import { changeTasks, recordOf } from './changeTasks.ts';
import { findTask } from './findTask.ts';
import { readJob } from './readJob.ts';

export interface RetryRequest {
  readonly tenant: string;
  readonly job: JobId;
  readonly by: string;
  /** Names or indexes; absent means all that failed or were cancelled. */
  readonly tasks?: readonly (string | number)[];
}

/** The job with at least one new run; throws `JobNotFinished`, `TaskNotFound`, `NothingToRetry` or `JobExpiresTooSoon`. */
export async function retryJob(context: ApiContext, request: RetryRequest): Promise<JobRecord> {
  const record = await readJob(context, request.tenant, request.job);
  const chosen = new Set(chooseTasks(record, request, context.clock.now()).map(({ last }) => last.state.of.task));
  const changes = await changeTasks(context, record, ({ state }, { request: asked }) => {
    if (!chosen.has(state.of.task) || !isRetryable(state)) return undefined;
    const next = newRun(state, 'Retried', context.clock.now());
    return { state: next, detail: { message: `Run ${next.run}, asked for by ${request.by}`, request: asked } };
  });
  // Others were first with all of them: 202 would claim their run. Decided again, as if this had been asked after them.
  if (changes.every(({ over }) => over === undefined)) return retryJob(context, request);
  return recordOf(record, changes);
}

/** The tasks to retry; says why not where there is none. */
function chooseTasks(record: JobRecord, { tasks, job }: RetryRequest, now: Instant): readonly TaskRecord[] {
  const named = tasks?.map((task) => findTask(record, String(task)));
  if (record.tasks.some(({ last }) => isOpen(last.state))) {
    throw new GenwardenError('JobNotFinished', `Job ${job} has not finished`);
  }
  const chosen = (named ?? record.tasks).filter(({ last }) => {
    if (!isRetryable(last.state)) return false;
    refuseTooLate(newRun(last.state, 'Retried', now), now);
    return true;
  });
  if (chosen.length > 0) return chosen;
  throw new GenwardenError('NothingToRetry', `Job ${job} has no failed or cancelled task${named ? ' of these' : ''}`);
}

const isRetryable = (state: TaskState): state is Failed | Cancelled =>
  state.state === 'failed' || state.state === 'cancelled';

/** Throws `JobExpiresTooSoon` where the budgets of a new run, or the job's own deadline, leave it no time. */
export function refuseTooLate(next: Queued, now: Instant): void {
  const { deadline, expiresAt } = next.of;
  if (deadline !== null && deadline <= now) {
    throw new GenwardenError(
      'JobExpiresTooSoon',
      `The job's own deadline passed at ${new Date(deadline).toISOString()}`,
    );
  }
  const end = latestEnd(next);
  if (end <= expiresAt) return;
  const over = formatDuration(end - expiresAt);
  const expiry = new Date(expiresAt).toISOString();
  throw new GenwardenError('JobExpiresTooSoon', `The job is kept until ${expiry}: a new run may last ${over} longer`);
}
