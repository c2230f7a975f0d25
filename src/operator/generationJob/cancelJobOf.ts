// Cancels the job of a resource that has gone, in the way of the API: workers are told, what is done stays.

import { cancelJob } from '../../jobs/cancelJob.ts';
import { jobIdOfOwner } from '../../jobs/submit/submitJob.ts';
import { GenwardenError, type ErrorCode } from '../../job/errors/index.ts';
import type { OperatorParts } from '../parts.ts';

export type CancelParts = Pick<OperatorParts, 'log' | 'follower' | 'clock' | 'heartbeats' | 'logger'>;

const nothingToCancel: readonly ErrorCode[] = ['JobNotFound', 'JobAlreadyFinished'];

/** Nothing happens where there is no such job, or none that is open. Throws `Unavailable`. */
export async function cancelJobOf(parts: CancelParts, tenant: string, uid: string): Promise<void> {
  const by = 'the deletion of its GenerationJob';
  try {
    await cancelJob(parts, { tenant, job: jobIdOfOwner(uid), by, running: 'stop' });
  } catch (error) {
    if (!(error instanceof GenwardenError) || !nothingToCancel.includes(error.code)) throw error;
  }
}
