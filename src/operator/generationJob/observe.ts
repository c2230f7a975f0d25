// Observes the job of a resource: in the index where that suffices, otherwise in the stream.

import { type ErrorCode, GenwardenError } from '../../job/errors/index.ts';
import type { JobId } from '../../job/ids.ts';
import { type Instant, isOpen } from '../../job/task.ts';
import { readJob } from '../../jobs/read.ts';
import type { JobRecord } from '../../ports/jobLog.ts';
import type { OperatorContext } from '../context.ts';
import { isoTime } from '../resources/conditions.ts';
import { conditionOf, type GenerationJob, type GenerationJobStatus, isFinished } from '../resources/generationJob.ts';
import { needsMessages, type JobSummary, summarizeJob, type ObservedTask } from './jobSummary.ts';

type Context = Pick<OperatorContext, 'log' | 'follower' | 'clock' | 'retentionMs'>;

const unchanged: Observation = { kind: 'unchanged' };

/** Throws `Unavailable`. */
export async function observeJob(context: Context, resource: GenerationJob, job: JobId): Promise<Observation> {
  const known = context.follower.index.job(job);
  if (known?.complete === true) {
    const tasks = known.tasks.map((task): ObservedTask => ({ state: task!.state }));
    const summary = summarizeJob(tasks);
    if (isSameEnd(resource.status, summary)) return unchanged;
    if (!tasks.some(({ state }) => state.state === 'deleted') && !needsMessages(summary.state)) {
      return confirmReopened(context, resource, tasks);
    }
  }
  const record = await readIfPresent(context, resource, job);
  return record === undefined ? missingJob(context, resource, job) : observationOf(context, resource, record);
}

/** A job that was just read or submitted. */
export async function observationOf(
  context: Context,
  resource: GenerationJob,
  record: JobRecord,
): Promise<Observation> {
  const tasks = record.tasks.map(({ last }): ObservedTask => ({ state: last.state, message: last.detail.message }));
  return confirmReopened(context, resource, tasks);
}

export function deletedJob(job: JobId): Observation {
  return { kind: 'gone', reason: 'JobDeleted', message: `Job ${job} was deleted and is not submitted again` };
}

const isSameEnd = (status: GenerationJobStatus | undefined, { state, finishedAt }: JobSummary): boolean =>
  finishedAt !== null && isFinished(status) && status?.state === state && status.completionTime === isoTime(finishedAt);

/**
 * An end that was told once is taken back only on the word of the stream's leader that a task is open: an index, or a
 * replica, may be behind the one who told it.
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
  return { kind: 'job', summary: summarizeJob(tasks) };
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

/** Jobs go when their retention is over, which is no news once the end was told; before, somebody has deleted it. */
function missingJob({ clock, retentionMs }: Context, { status }: GenerationJob, job: JobId): Observation {
  const since = conditionOf(status, 'Accepted')?.lastTransitionTime;
  const isExpired = since !== undefined && clock.now() >= Date.parse(since) + retentionMs;
  if (!isExpired) return deletedJob(job);
  if (isFinished(status)) return unchanged;
  return { kind: 'gone', reason: 'JobExpired', message: `Job ${job} expired: its retention is over` };
}

export type Observation =
  | { readonly kind: 'job'; readonly summary: JobSummary }
  /** The submit was refused. */
  | Refused
  /** The submit got no answer, or one that says to try again. */
  | { readonly kind: 'unanswered'; readonly code: ErrorCode; readonly message: string }
  /** The stream has no such job any more. */
  | { readonly kind: 'gone'; readonly reason: 'JobDeleted' | 'JobExpired'; readonly message: string }
  /** What the status says already is all there is to say. */
  | { readonly kind: 'unchanged' };

export interface Refused {
  readonly kind: 'refused';
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  /** Until when it is tried again, as what is missing may still come; null: never. */
  readonly retriedUntil: Instant | null;
}
