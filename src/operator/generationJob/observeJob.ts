// Looks at the job that a resource was accepted as: in the index where that is enough, else in the stream.

import { readJob } from '../../jobs/read.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import type { JobId } from '../../job/ids.ts';
import { isOpen } from '../../job/task.ts';
import type { JobRecord } from '../../ports/jobLog.ts';
import type { OperatorParts } from '../parts.ts';
import type { GenerationJob, GenerationJobStatus } from '../resources/generationJob.ts';
import type { Observation } from './observation.ts';
import { conditionOf, isFinished } from './read.ts';
import { needsMessages, standingOf, type Standing, type TaskSeen } from './standing.ts';
import { isoTime } from './words.ts';

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
