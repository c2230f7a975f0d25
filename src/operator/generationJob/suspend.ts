// Makes a submitted job follow spec.suspend and Kueue: stops its open tasks, and runs them again afterwards, as a suspended Job does
// with its pods.

import { type ErrorCode, GenwardenError, catalogue } from '../../job/errors/index.ts';
import { logEndedTask } from '../../job/logEvents/taskEvents.ts';
import { cancelJob } from '../../jobs/cancel.ts';
import type { EndedTask } from '../../jobs/context.ts';
import type { LaneContext } from '../../jobs/lanes.ts';
import { retryJob } from '../../jobs/retry.ts';
import type { JobRecord } from '../../ports/jobLog.ts';
import type { OperatorContext } from '../context.ts';
import { type GenerationJob, isFinished } from '../resources/generationJob.ts';
import { suspendedBy, type JobSummary } from './jobSummary.ts';

type Context = Pick<OperatorContext, 'log' | 'follower' | 'clock' | 'heartbeats' | 'logger'> & LaneContext;

/** Why a job must not run for now: for the condition Suspended. */
export interface Hold {
  readonly reason: string;
  readonly message: string;
}

export const suspendedBySpec: Hold = { reason: 'JobSuspended', message: 'spec.suspend is true' };

/** It has stopped because of the hold, and can be resumed. */
export const isStopped = ({ finishedAt, suspended }: JobSummary): boolean =>
  finishedAt !== null && suspended.length > 0;

/** The job after a change, or the refusal of a resume; undefined if there is nothing to change. Throws `Unavailable`. */
export async function followSuspend(
  context: Context,
  resource: GenerationJob,
  { job, finishedAt, suspended }: JobSummary,
  hold: Hold | undefined,
): Promise<JobRecord | GenwardenError | undefined> {
  const { status, metadata } = resource;
  const by = hold === undefined || hold === suspendedBySpec ? suspendedBy.spec : suspendedBy.kueue;
  const tenant = metadata.namespace;
  if (hold !== undefined) {
    if (finishedAt !== null) return undefined;
    const onTaskEnded = (ended: EndedTask): void => logEndedTask(context.logger, ended);
    return unlessRefused(cancelJob({ ...context, onTaskEnded }, { tenant, job, by, running: 'stop' }));
  }
  if (finishedAt === null || suspended.length === 0 || isFinished(status)) return undefined;
  return unlessRefused(retryJob(context, { tenant, job, by, tasks: suspended }));
}

/** The job has changed meanwhile; the change reconciles the resource again. */
const overtaken: readonly ErrorCode[] = ['JobAlreadyFinished', 'JobNotFinished', 'NothingToRetry', 'JobNotFound'];

async function unlessRefused(change: Promise<JobRecord>): Promise<JobRecord | GenwardenError | undefined> {
  try {
    return await change;
  } catch (error) {
    if (!(error instanceof GenwardenError) || catalogue[error.code].retryable) throw error;
    return overtaken.includes(error.code) ? undefined : error;
  }
}
