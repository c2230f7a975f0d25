// Deletes a finished job for good: a tombstone on every task first, which refuses a late retry, then the messages, then
// what the tasks made.

import { GenwardenError } from '../job/errors/index.ts';
import type { JobId } from '../job/ids.ts';
import { isOpen, type Instant, type TaskWrite } from '../job/task.ts';
import { cancelled, deleted } from '../job/transitions.ts';
import type { DetailedEntry, JobRecord } from '../ports/jobLog.ts';
import type { ApiContext } from '../api/options.ts';
import { changeTask, changeTasks } from './changeTasks.ts';
import { readJob } from './readJob.ts';

/** Throws `JobNotFound`, `JobNotFinished` or `Unavailable`; after the last the job may be gone already. */
export async function deleteJob(context: ApiContext, tenant: string, job: JobId): Promise<void> {
  const { tasks } = await readJob(context, tenant, job);
  for (const { last } of tasks) refuseOpen(last);
  const { pool } = tasks[0]!.last.state.of;
  const made = madeBy(await context.log.history(job, pool));
  await changeTask(context, tasks[0]!, (last) => {
    refuseOpen(last);
    return closerToGone(last, context.clock.now());
  });
  // With the first tombstone the job is gone to everybody: a task that somebody retries at this moment goes with it.
  await removeTasks(context, { job, tasks: tasks.slice(1) });
  await context.log.purge(job, pool);
  for (const digest of made) await deleteArtifact(context, tenant, digest);
}

function refuseOpen({ state }: DetailedEntry): void {
  if (isOpen(state))
    throw new GenwardenError('JobNotFinished', `Job ${state.of.job} has not finished: cancel it first`);
}

/** More than enough: a retry that is under way comes between once, and nobody finds the job to begin another. */
const mostPasses = 8;

async function removeTasks(context: ApiContext, { job, tasks }: JobRecord): Promise<void> {
  let left = tasks;
  for (let passes = 0; left.length > 0; passes += 1) {
    if (passes >= mostPasses)
      throw new GenwardenError('Unavailable', 'The job kept being retried while it was deleted');
    const changes = await changeTasks(context, { job, tasks: left }, (last) => closerToGone(last, context.clock.now()));
    left = changes.map(({ task }) => task).filter(({ last }) => last.state.state !== 'deleted');
  }
}

/** What is open ends first. */
function closerToGone({ state }: DetailedEntry, now: Instant): TaskWrite | undefined {
  if (isOpen(state)) return { state: cancelled(state, now), detail: { message: 'Cancelled, as its job is deleted' } };
  return state.state === 'deleted' ? undefined : { state: deleted(state, now), detail: { message: 'Deleted' } };
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
