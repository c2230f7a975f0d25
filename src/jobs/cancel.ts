// Cancels a job: every open task becomes terminal immediately, its worker stops, and existing results are kept.

import { GenwardenError } from '../job/errors/index.ts';
import type { JobId } from '../job/ids.ts';
import { cancelTask, hasCancelled, type Cancel } from '../job/requests/cancel.ts';
import type { JobRecord } from '../ports/jobLog.ts';
import { changeTasks, recordOf, reportEnd, unlessDeleted } from './changeTasks.ts';
import type { JobsContext } from './context.ts';
import { readJob } from './read.ts';

export type CancelContext = Pick<JobsContext, 'log' | 'follower' | 'clock' | 'heartbeats' | 'onTaskEnded'>;

export interface CancelRequest extends Cancel {
  readonly tenant: string;
  readonly job: JobId;
}

/** The job after the cancel; throws `JobAlreadyFinished` if no task was open and none had been cancelled before. */
export async function cancelJob(context: CancelContext, request: CancelRequest): Promise<JobRecord> {
  const record = await readJob(context, request.tenant, request.job);
  const changes = await changeTasks(
    context,
    record,
    unlessDeleted((last) => cancelTask(last, request, context.clock.now())),
    (change) => reportEnd(context, change),
  );
  const after = recordOf(record, changes);
  if (hasCancelled(after.tasks.map(({ last }) => last.state))) return after;
  throw new GenwardenError('JobAlreadyFinished', `Job ${request.job} has already finished`);
}
