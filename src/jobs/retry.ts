// Retries the failed and cancelled tasks of a finished job.

import { GenwardenError } from '../job/errors/index.ts';
import type { JobId } from '../job/ids.ts';
import { retryTask, tasksToRetry, type RetryPlan } from '../job/requests/retry.ts';
import type { JobRecord, TaskRecord } from '../ports/jobLog.ts';
import { changeInOrder, recordOf, unlessDeleted } from './changeTasks.ts';
import { inItsPart, placer, type LaneContext } from './lanes.ts';
import { findTask, readJob, type ReadContext } from './read.ts';

export interface RetryRequest {
  readonly tenant: string;
  readonly job: JobId;
  readonly by: string;
  /** Names or indexes; absent: every failed or cancelled task. */
  readonly tasks?: readonly (string | number)[];
}

/** The job with at least one new run; throws `JobNotFinished`, `TaskNotFound`, `NothingToRetry`, `DependenciesNotRetried` or `JobExpiresTooSoon`. */
export async function retryJob(context: ReadContext & LaneContext, request: RetryRequest): Promise<JobRecord> {
  const record = await readJob(context, request.tenant, request.job);
  const named = request.tasks?.map((task) => findTask(record, String(task)).last.state);
  const plan = tasksToRetry(
    record.tasks.map(({ last }) => last.state),
    named,
    context.clock.now(),
  );
  if (plan instanceof GenwardenError) throw plan;
  const place = placer(context);
  // A task that waits for others comes after them: it would fail while they have not started again.
  const changes = await changeInOrder(
    context,
    record,
    byLevel(record, plan),
    unlessDeleted(({ state }, task) =>
      inItsPart(place, retryTask(state, task.request, request.by, context.clock.now(), plan.get(state.of.task)!.due)),
    ),
  );
  // Other requests retried all tasks first, so a 202 would claim their runs. Decide again, as if this request came later.
  if (changes.every(({ replaced }) => replaced === undefined)) return retryJob(context, request);
  return recordOf(record, changes);
}

function byLevel({ tasks }: JobRecord, plan: RetryPlan): TaskRecord[][] {
  const levels: TaskRecord[][] = [];
  for (const [index, { level }] of plan) (levels[level] ??= []).push(tasks[index]!);
  return levels;
}
