// Observes the job of a resource: in the index if that suffices, otherwise in the stream.

import { type ErrorCode, GenwardenError } from '../../job/errors/index.ts';
import type { JobId } from '../../job/ids.ts';
import { type Instant, isOpen } from '../../job/task.ts';
import { readJob } from '../../jobs/read.ts';
import type { JobRecord } from '../../ports/jobLog.ts';
import type { OperatorContext } from '../context.ts';
import { isoTime, type NewCondition } from '../resources/conditions.ts';
import {
  conditionOf,
  type GenerationJob,
  type GenerationJobCondition,
  type GenerationJobStatus,
  isFinished,
} from '../resources/generationJob.ts';
import type { EarlierRun } from './earlierRun.ts';
import type { Hold } from './suspend.ts';
import { whyQueued, type WaitContext } from './whyQueued.ts';
import { needsMessages, type JobSummary, summarizeJob, type ObservedTask } from './jobSummary.ts';

type Context = Pick<OperatorContext, 'log' | 'follower' | 'clock' | 'retentionMs'> & WaitContext;

const unchanged: Observation = { kind: 'unchanged' };

/** Throws `Unavailable`. */
export async function observeJob(context: Context, resource: GenerationJob, job: JobId): Promise<Observation> {
  const known = context.follower.index.job(job);
  if (known?.complete === true) {
    const tasks = known.tasks.map((task): ObservedTask => ({ state: task!.state, sequence: task!.sequence }));
    const summary = summarizeJob(tasks);
    if (isSameEnd(resource.status, summary) && !lacksResults(resource)) return unchanged;
    if (!tasks.some(({ state }) => state.state === 'deleted') && !needsMessages(summary.state)) {
      return confirmReopened(context, resource, tasks);
    }
  }
  const record = await readIfPresent(context, resource, job);
  return record === undefined ? missingJob(context, resource, job) : observationOf(context, resource, record);
}

/** From a job that was just read or submitted. */
export async function observationOf(
  context: Context,
  resource: GenerationJob,
  record: JobRecord,
): Promise<Observation> {
  const tasks = record.tasks.map(({ last: { state, sequence, detail } }): ObservedTask => {
    const { message, artifacts, output } = detail;
    return { state, sequence, message, artifacts, output };
  });
  return confirmReopened(context, resource, tasks);
}

export function deletedJob(job: JobId): Observation {
  return { kind: 'jobMissing', reason: 'JobDeleted', message: `Job ${job} was deleted and is not submitted again` };
}

/** The operator may get the right to write them later. */
export const lacksResults = ({ status }: GenerationJob): boolean =>
  conditionOf(status, 'ResultsWritten')?.reason === 'ResultsForbidden';

const isSameEnd = (status: GenerationJobStatus | undefined, { state, finishedAt }: JobSummary): boolean =>
  finishedAt !== null && isFinished(status) && status?.state === state && status.completionTime === isoTime(finishedAt);

/**
 * A terminal status is reverted only after the stream's leader confirms that a task is open: this index, or a replica, may
 * be older than the state that led to the terminal status.
 */
async function confirmReopened(
  context: Context,
  { status }: GenerationJob,
  tasks: readonly ObservedTask[],
): Promise<Observation> {
  const open = isFinished(status) ? tasks.find(({ state }) => isOpen(state)) : undefined;
  if (open !== undefined) {
    const { pool, job, task } = open.state.of;
    const last = await context.log.last({ pool, job, task });
    if (last !== undefined) context.follower.applyOwn(last);
    if (last === undefined || !isOpen(last.state)) return unchanged;
  }
  const versions = tasks.map(({ state, sequence = 0 }) => ({ state, sequence }));
  return { kind: 'job', summary: summarizeJob(tasks, await whyQueued(context, versions)) };
}

async function readIfPresent(
  context: Context,
  { metadata }: GenerationJob,
  job: JobId,
): Promise<JobRecord | undefined> {
  try {
    return await readJob(context, metadata.namespace, job);
  } catch (error) {
    if (error instanceof GenwardenError && error.code === 'JobNotFound') return undefined;
    throw error;
  }
}

/** A job missing before the end of its retention was deleted. An expired one changes nothing if its status is terminal. */
function missingJob({ clock, retentionMs }: Context, { status }: GenerationJob, job: JobId): Observation {
  const since = conditionOf(status, 'Accepted')?.lastTransitionTime;
  const isExpired = since !== undefined && clock.now() >= Date.parse(since) + retentionMs;
  if (!isExpired) return deletedJob(job);
  if (isFinished(status)) return unchanged;
  return { kind: 'jobMissing', reason: 'JobExpired', message: `Job ${job} expired: its retention is over` };
}

export type Observation =
  | ObservedJob
  /** It must not run, and there is no job yet. */
  | { readonly kind: 'suspended'; readonly hold: Hold }
  /** The submit was refused. */
  | Refused
  /** The submit got no answer or a retryable error. */
  | { readonly kind: 'unanswered'; readonly code: ErrorCode; readonly message: string }
  /** The job is no longer in the stream. */
  | { readonly kind: 'jobMissing'; readonly reason: 'JobDeleted' | 'JobExpired'; readonly message: string }
  /** The TTL deleted an equal resource, whose job is not run again. */
  | { readonly kind: 'alreadyRun'; readonly earlier: EarlierRun }
  /** The status is up to date. */
  | { readonly kind: 'unchanged' };

export interface ObservedJob {
  readonly kind: 'job';
  readonly summary: JobSummary;
  readonly results?: NewCondition<GenerationJobCondition>;
  /** Why it must not run. */
  readonly hold?: Hold | undefined;
  /** By which it may run again. */
  readonly admitted?: Hold | undefined;
}

export interface Refused {
  readonly kind: 'refused';
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  /** The submit is retried until then, because the cause may go away; null: the refusal is final. */
  readonly retriedUntil: Instant | null;
}
