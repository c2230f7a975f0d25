// Cancels the job of a resource that has gone, in the way of the API: workers are told, what is done stays.

import { cancelJob } from '../../jobs/cancel.ts';
import { jobIdOfOwner } from '../../jobs/submit/index.ts';
import type { EndedTask } from '../../jobs/context.ts';
import { GenwardenError, type ErrorCode } from '../../job/errors/index.ts';
import { logEndedTask } from '../../telemetry/events.ts';
import type { OperatorParts } from '../parts.ts';

export type CancelParts = Pick<OperatorParts, 'log' | 'follower' | 'clock' | 'heartbeats' | 'logger'>;

const nothingToCancel: readonly ErrorCode[] = ['JobNotFound', 'JobAlreadyFinished'];

/** Nothing happens where there is no such job, or none that is open. Throws `Unavailable`. */
export async function cancelJobOf(parts: CancelParts, tenant: string, uid: string): Promise<void> {
  const by = 'the deletion of its GenerationJob';
  try {
    const onTaskEnded = (ended: EndedTask): void => logEndedTask(parts.logger, ended);
    await cancelJob({ ...parts, onTaskEnded }, { tenant, job: jobIdOfOwner(uid), by, running: 'stop' });
  } catch (error) {
    if (!(error instanceof GenwardenError) || !nothingToCancel.includes(error.code)) throw error;
  }
}
