// Retries the failed and cancelled tasks of a finished job.

import { GenwardenError } from '../job/errors/index.ts';
import type { JobId } from '../job/ids.ts';
import { nothing } from '../job/requests/decision.ts';
import { retryTask, tasksToRetry } from '../job/requests/retry.ts';
import type { JobRecord } from '../ports/jobLog.ts';
import { changeTasks, recordOf, unlessDeleted } from './changeTasks.ts';
import { findTask, readJob, type ReadContext } from './read.ts';

export interface RetryRequest {
  readonly tenant: string;
  readonly job: JobId;
  readonly by: string;
  /** Names or indexes; absent: every failed or cancelled task. */
  readonly tasks?: readonly (string | number)[];
}

/** The job with at least one new run; throws `JobNotFinished`, `TaskNotFound`, `NothingToRetry` or `JobExpiresTooSoon`. */
export async function retryJob(context: ReadContext, request: RetryRequest): Promise<JobRecord> {
  const record = await readJob(context, request.tenant, request.job);
  const named = request.tasks?.map((task) => findTask(record, String(task)).last.state);
  const chosen = tasksToRetry(
    record.tasks.map(({ last }) => last.state),
    named,
    context.clock.now(),
  );
  if (chosen instanceof GenwardenError) throw chosen;
  const changes = await changeTasks(
    context,
    record,
    unlessDeleted(({ state }, task) =>
      chosen.has(state.of.task) ? retryTask(state, task.request, request.by, context.clock.now()) : nothing,
    ),
  );
  // Other requests retried all tasks first, so a 202 would claim their runs. Decide again, as if this request came later.
  if (changes.every(({ replaced }) => replaced === undefined)) return retryJob(context, request);
  return recordOf(record, changes);
}
