// Deletes a finished job permanently: first a tombstone on every task, which refuses a late retry, then the messages, then
// the artifacts.

import { GenwardenError } from '../job/errors/index.ts';
import type { JobId } from '../job/ids.ts';
import { deleteFinishedTask, deleteTask, refusalOfDelete } from '../job/requests/delete.ts';
import type { ArtifactRef } from '../job/task.ts';
import type { DetailedEntry, JobRecord } from '../ports/jobLog.ts';
import { changeTask, changeTasks } from './changeTasks.ts';
import type { JobsContext } from './context.ts';
import { readJob } from './read.ts';

export type DeleteContext = Pick<JobsContext, 'log' | 'follower' | 'clock' | 'artifacts'>;

/** An artifact that could not be deleted: it expires at the end of its retention. */
export interface LeftArtifact {
  readonly digest: string;
  readonly error: unknown;
}

/**
 * Returns the artifacts that could not be deleted. Throws `JobNotFound`, `JobNotFinished` or `Unavailable`; after
 * `Unavailable` the job may be deleted nevertheless.
 */
export async function deleteJob(context: DeleteContext, tenant: string, job: JobId): Promise<readonly LeftArtifact[]> {
  const { tasks } = await readJob(context, tenant, job);
  const refusal = tasks.map(({ last }) => refusalOfDelete(last.state)).find((error) => error !== undefined);
  if (refusal !== undefined) throw refusal;
  const { pool } = tasks[0]!.last.state.of;
  const made = artifactsOf(await context.log.history(job, pool));
  await changeTask(context, tasks[0]!, ({ state }) => deleteFinishedTask(state, context.clock.now()));
  // From the first tombstone on, no reader finds the job.
  await deleteTasks(context, { job, tasks: tasks.slice(1) });
  await context.log.purge(job, pool);
  return deleteArtifacts(context, tenant, job, made);
}

/** More than enough: only a retry that had already begun can reopen a task, and it does so once. */
const maxPasses = 8;

async function deleteTasks(context: DeleteContext, { job, tasks }: JobRecord): Promise<void> {
  let left = tasks;
  for (let passes = 0; left.length > 0; passes += 1) {
    if (passes >= maxPasses) throw new GenwardenError('Unavailable', 'The job kept being retried while it was deleted');
    const changes = await changeTasks(context, { job, tasks: left }, ({ state }) =>
      deleteTask(state, context.clock.now()),
    );
    left = changes.map(({ task }) => task).filter(({ last }) => last.state.state !== 'deleted');
  }
}

/** The artifacts that the tasks produced in all their runs. References are kept, because other jobs may use them. */
function artifactsOf(entries: readonly DetailedEntry[]): Iterable<ArtifactRef> {
  const all = entries.flatMap(({ detail }) => detail.artifacts ?? []);
  return new Map(all.map((artifact) => [`${artifact.digest} ${artifact.path ?? ''}`, artifact])).values();
}

async function deleteArtifacts(
  { artifacts }: Pick<DeleteContext, 'artifacts'>,
  tenant: string,
  job: JobId,
  made: Iterable<ArtifactRef>,
): Promise<LeftArtifact[]> {
  const left: LeftArtifact[] = [];
  for (const { digest, path } of made) {
    await artifacts.delete(tenant, digest, { job, path }).catch((error: unknown) => left.push({ digest, error }));
  }
  return left;
}
