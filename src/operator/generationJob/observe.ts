// Observes the job of a resource: in the index where that suffices, otherwise in the stream.

import { type ErrorCode, GenwardenError } from '../../job/errors/index.ts';
import type { JobId } from '../../job/ids.ts';
import { type Instant, isOpen } from '../../job/task.ts';
import { readJob } from '../../jobs/read.ts';
import type { JobRecord } from '../../ports/jobLog.ts';
import type { OperatorParts } from '../context.ts';
import { isoTime } from '../resources/conditions.ts';
import { conditionOf, type GenerationJob, type GenerationJobStatus, isFinished } from '../resources/generationJob.ts';
import { needsMessages, type Standing, standingOf, type TaskSeen } from './jobSummary.ts';

type Parts = Pick<OperatorParts, 'log' | 'follower' | 'clock' | 'retentionMs'>;

const nothingNew: Observation = { seen: 'nothingNew' };

/** Throws `Unavailable`. */
export async function observeJob(parts: Parts, resource: GenerationJob, job: JobId): Promise<Observation> {
  const known = parts.follower.index.job(job);
  if (known?.complete === true) {
    const tasks = known.tasks.map((task): TaskSeen => ({ state: task!.state }));
    const standing = standingOf(tasks);
    if (tellsSameEnd(resource.status, standing)) return nothingNew;
    if (!tasks.some(({ state }) => state.state === 'deleted') && !needsMessages(standing.state)) {
      return confirmed(parts, resource, tasks);
    }
  }
  const record = await readOrNothing(parts, resource, job);
  return record === undefined ? goneOf(parts, resource, job) : observationOf(parts, resource, record);
}

/** A job that was just read or submitted. */
export async function observationOf(parts: Parts, resource: GenerationJob, record: JobRecord): Promise<Observation> {
  const tasks = record.tasks.map(({ last }): TaskSeen => ({ state: last.state, message: last.detail.message }));
  return confirmed(parts, resource, tasks);
}

export function deletedJob(job: JobId): Observation {
  return { seen: 'gone', reason: 'JobDeleted', message: `Job ${job} was deleted; it is not submitted again` };
}

const tellsSameEnd = (status: GenerationJobStatus | undefined, { state, finishedAt }: Standing): boolean =>
  finishedAt !== null && isFinished(status) && status?.state === state && status.completionTime === isoTime(finishedAt);

/**
 * An end that was told once is taken back only on the word of the stream's leader that a task is open: an index, or a
 * replica, may be behind the one who told it.
 */
async function confirmed(parts: Parts, { status }: GenerationJob, tasks: readonly TaskSeen[]): Promise<Observation> {
  const open = isFinished(status) ? tasks.find(({ state }) => isOpen(state)) : undefined;
  if (open !== undefined) {
    const { pool, job, task } = open.state.of;
    const last = await parts.log.last({ pool, job, task });
    if (last !== undefined) parts.follower.applyOwn(last);
    if (last === undefined || !isOpen(last.state)) return nothingNew;
  }
  return { seen: 'job', standing: standingOf(tasks) };
}

async function readOrNothing(parts: Parts, { metadata }: GenerationJob, job: JobId): Promise<JobRecord | undefined> {
  try {
    return await readJob(parts, metadata.namespace, job);
  } catch (error) {
    if (error instanceof GenwardenError && error.code === 'JobNotFound') return undefined;
    throw error;
  }
}

/** Jobs go when their retention is over, which is no news once the end was told; before, somebody has deleted it. */
function goneOf({ clock, retentionMs }: Parts, { status }: GenerationJob, job: JobId): Observation {
  const since = conditionOf(status, 'Accepted')?.lastTransitionTime;
  const isExpired = since !== undefined && clock.now() >= Date.parse(since) + retentionMs;
  if (!isExpired) return deletedJob(job);
  if (isFinished(status)) return nothingNew;
  return { seen: 'gone', reason: 'JobExpired', message: `Job ${job} is gone, as its retention is over` };
}

export type Observation =
  | { readonly seen: 'job'; readonly standing: Standing }
  /** The submit was refused. */
  | Refused
  /** The submit got no answer, or one that says to try again. */
  | { readonly seen: 'unanswered'; readonly code: ErrorCode; readonly message: string }
  /** The stream has no such job any more. */
  | { readonly seen: 'gone'; readonly reason: 'JobDeleted' | 'JobExpired'; readonly message: string }
  /** What the status says already is all there is to say. */
  | { readonly seen: 'nothingNew' };

export interface Refused {
  readonly seen: 'refused';
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  /** Until when it is tried again, as what is missing may still come; null: never. */
  readonly triedUntil: Instant | null;
}
