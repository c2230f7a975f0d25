// Reads one whole job of a tenant, as new as anything this process has heard of it.

import { GenwardenError } from '../job/errors/index.ts';
import { isJobId, type JobId } from '../job/ids.ts';
import type { Instant } from '../job/task.ts';
import type { JobRecord, TaskRecord } from '../ports/jobLog.ts';
import { sees } from './tenancy.ts';
import type { ApiContext } from '../api/options.ts';

/** What a read needs of the API; the operator has it as well. */
export type ReadContext = Pick<ApiContext, 'log' | 'follower' | 'clock'>;

/** The job; throws `JobNotFound` where the tenant has none of this id, or `Unavailable`. */
export async function readJob(context: ReadContext, tenant: string, job: JobId): Promise<JobRecord> {
  const record = isJobId(job) ? await newestRecord(context, job) : undefined;
  if (record === undefined || !sees(tenant, tenantOf(record)) || isGone(record, context.clock.now()))
    throw jobNotFound(job);
  return record;
}

/** Deleted, or past its retention although its messages may still be there. */
export function isGone(record: JobRecord, now: Instant): boolean {
  return record.tasks.some(({ last }) => last.state.state === 'deleted' || last.state.of.expiresAt <= now);
}

const jobNotFound = (job: JobId): GenwardenError =>
  new GenwardenError('JobNotFound', job === '' ? 'That is not the id of a job' : `There is no job ${job}`);

const tenantOf = (record: JobRecord): string | undefined => record.tasks[0]?.last.state.of.tenant;

/** A replica may answer a read with less than this process knows: such tasks are read again from the stream's leader. */
async function newestRecord({ log, follower }: ReadContext, job: JobId): Promise<JobRecord | undefined> {
  const pool = follower.index.job(job)?.tasks.find((task) => task !== undefined)?.state.of.pool;
  const record = await log.read(job, pool);
  if (record === undefined || record.tasks.length === 0) return undefined;
  // What this process has shown once it shows ever after, although its follower may not be there yet.
  for (const { last } of record.tasks) if (last.sequence > follower.position().sequence) follower.applyOwn(last);
  const fresh = async (task: TaskRecord, index: number): Promise<TaskRecord> => {
    const known = follower.index.task(job, index)?.sequence ?? 0;
    if (known <= task.last.sequence) return task;
    const { pool: ownPool } = task.last.state.of;
    const last = await log.last({ pool: ownPool, job, task: index });
    return last === undefined ? task : { last, request: last.detail.request ?? task.request };
  };
  return { job, tasks: await Promise.all(record.tasks.map(fresh)) };
}
