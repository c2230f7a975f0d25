// Applies a reviewer's decision to one result.

import type { JobId } from '../job/ids.ts';
import { reviewTask as decide, type Review } from '../job/requests/review.ts';
import type { JobRecord } from '../ports/jobLog.ts';
import { changeTask, unlessDeleted } from './changeTasks.ts';
import { inItsPart, placer, type LaneContext } from './lanes.ts';
import { findTask, readJob, type ReadContext } from './read.ts';

export interface ReviewRequest {
  readonly tenant: string;
  readonly job: JobId;
  /** Index or name. */
  readonly task: string;
  readonly by: string;
  readonly review: Review;
}

/** The job after the review; throws `TaskNotFound`, `NotInReview`, `JobExpiresTooSoon` or `InvalidRequest`. */
export async function reviewTask(context: ReadContext & LaneContext, request: ReviewRequest): Promise<JobRecord> {
  const { review, by } = request;
  const record = await readJob(context, request.tenant, request.job);
  const reviewed = findTask(record, request.task);
  const change = await changeTask(
    context,
    reviewed,
    unlessDeleted((last, task) =>
      inItsPart(placer(context), decide(last, task.request, review, by, context.clock.now())),
    ),
  );
  return { job: record.job, tasks: record.tasks.map((task) => (task === reviewed ? change.task : task)) };
}
