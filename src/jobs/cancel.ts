// Cancels a job: every open task becomes terminal immediately, its worker stops, and existing results are kept.

import { GenwardenError } from '../job/errors/index.ts';
import type { JobId } from '../job/ids.ts';
import { cancelTask, hasCancelled, type Cancel } from '../job/requests/cancel.ts';
import { isHeld } from '../job/task.ts';
import type { JobRecord, TaskRecord } from '../ports/jobLog.ts';
import { changeInOrder, recordOf, reportEnd, unlessDeleted } from './changeTasks.ts';
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
  // Tasks that wait for others come first: the end of those would fail them.
  const [held, others] = [record.tasks.filter(isWaiting), record.tasks.filter((task) => !isWaiting(task))];
  const changes = await changeInOrder(
    context,
    record,
    [held, others],
    unlessDeleted((last) => cancelTask(last, request, context.clock.now())),
    (change) => reportEnd(context, change),
  );
  const after = recordOf(record, changes);
  if (hasCancelled(after.tasks.map(({ last }) => last.state))) return after;
  throw new GenwardenError('JobAlreadyFinished', `Job ${request.job} has already finished`);
}

const isWaiting = ({ last }: TaskRecord): boolean => isHeld(last.state);
