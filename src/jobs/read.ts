// Reads one whole job of a tenant. The result is never older than what this process has already shown.

import { GenwardenError } from '../job/errors/index.ts';
import { isJobId, type JobId } from '../job/ids.ts';
import type { Instant } from '../job/task.ts';
import type { JobRecord, TaskRecord } from '../ports/jobLog.ts';
import type { JobsContext } from './context.ts';
import { canSee } from './tenancy.ts';

export type ReadContext = Pick<JobsContext, 'log' | 'follower' | 'clock'>;

/** Throws `JobNotFound` if the tenant has no job with this id, or `Unavailable`. */
export async function readJob(context: ReadContext, tenant: string, job: JobId): Promise<JobRecord> {
  const owner = context.follower.index.job(job)?.tenant;
  // Reading a large job takes long: for another tenant's job the time must not tell that it exists.
  const asked = owner === undefined || canSee(tenant, owner) ? job : neverSubmitted;
  const record = isJobId(job) ? await newestRecord(context, asked) : undefined;
  if (record === undefined || !canSee(tenant, tenantOf(record)) || isDeletedOrExpired(record, context.clock.now()))
    throw jobNotFound(job);
  return record;
}

/** The id of no job: ids come from digests and random bytes. */
const neverSubmitted = '0'.repeat(26);

/** The server drops messages one by one after the retention, so an expired job may still have some. */
export function isDeletedOrExpired(record: JobRecord, now: Instant): boolean {
  return record.tasks.some(({ last }) => last.state.state === 'deleted' || last.state.of.expiresAt <= now);
}

/** The task with this index, else with this name. Throws `TaskNotFound`. */
export function findTask(record: JobRecord, task: string): TaskRecord {
  const byIndex = /^(0|[1-9]\d{0,2})$/.test(task) ? record.tasks[Number(task)] : undefined;
  const found = byIndex ?? record.tasks.find(({ last }) => last.state.of.name === task);
  if (found === undefined) throw new GenwardenError('TaskNotFound', `Job ${record.job} has no task ${task}`);
  return found;
}

/** One answer for a job that never existed, that belongs to another tenant, and that was deleted or has expired. */
export const jobNotFound = (job: JobId): GenwardenError =>
  new GenwardenError('JobNotFound', job === '' ? 'This is not a job id' : `There is no job ${job}`);

const tenantOf = (record: JobRecord): string | undefined => record.tasks[0]?.last.state.of.tenant;

/** A replica of the stream may lag behind this process's index. Tasks that lag are read again from the stream's leader. */
async function newestRecord({ log, follower }: ReadContext, job: JobId): Promise<JobRecord | undefined> {
  const pool = follower.index.job(job)?.tasks.find((task) => task !== undefined)?.state.of.pool;
  const record = await log.read(job, pool);
  if (record === undefined || record.tasks.length === 0) return undefined;
  // The follower may not have reached these messages yet. Once shown, a message must stay visible.
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
