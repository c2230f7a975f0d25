// Deletes a finished job for good: a tombstone on every task first, which refuses a late retry, then the messages, then
// what the tasks made.

import { GenwardenError } from '../../job/errors.ts';
import type { JobId } from '../../job/ids.ts';
import { isOpen } from '../../job/task.ts';
import { deleted } from '../../job/transitions.ts';
import type { DetailedEntry } from '../../ports/jobLog.ts';
import type { ApiContext } from '../options.ts';
import { changeTasks } from './changeTask.ts';
import { readJob } from './readJob.ts';

/** Throws `JobNotFound`, `JobNotFinished` or `Unavailable`; after the last the job may be gone already. */
export async function deleteJob(context: ApiContext, tenant: string, job: JobId): Promise<void> {
  const record = await readJob(context, tenant, job);
  const refuseOpen = ({ state }: DetailedEntry): void => {
    if (isOpen(state)) throw new GenwardenError('JobNotFinished', `Job ${job} has not finished: cancel it first`);
  };
  for (const { last } of record.tasks) refuseOpen(last);
  const { pool } = record.tasks[0]!.last.state.of;
  const made = madeBy(await context.log.history(job, pool));
  await changeTasks(context, record, (last) => {
    refuseOpen(last);
    if (isOpen(last.state) || last.state.state === 'deleted') return undefined;
    return { state: deleted(last.state, context.clock.now()), detail: { message: 'Deleted' } };
  });
  await context.log.purge(job, pool);
  for (const digest of made) await deleteArtifact(context, tenant, digest);
}

/** What the tasks made in all their runs. References stay: other jobs may name them. */
function madeBy(entries: readonly DetailedEntry[]): ReadonlySet<string> {
  return new Set(entries.flatMap(({ detail }) => detail.artifacts ?? []).map(({ digest }) => digest));
}

/** The job is gone already: bytes that cannot be deleted now expire by themselves. */
async function deleteArtifact({ artifacts, logger }: ApiContext, tenant: string, digest: string): Promise<void> {
  try {
    await artifacts.delete(tenant, digest);
  } catch (error) {
    logger.warn({ err: error, digest }, 'An artifact of a deleted job could not be deleted; it expires by itself');
  }
}
