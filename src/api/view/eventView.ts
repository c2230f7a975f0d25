// What event streams say: tasks and jobs as one message of the stream left them.

import type { Sequence } from '../../job/task.ts';
import { isOpen } from '../../job/task.ts';
import type { LogEntry } from '../../ports/jobLog.ts';
import { glanceAt } from '../../jobs/awaitJob.ts';
import type { ApiContext } from '../options.ts';
import { glancesOf, listedJobView, type TaskGlance } from './jobView.ts';
import type { ListedJobView } from './schemas.ts';
import { isoTime, isoTimeOrNull, workerOf } from './taskView.ts';

/** A transition, as far as the stream's headers tell it: error and artifacts are in the job. */
export function taskEventView({ sequence, at, state }: LogEntry) {
  return {
    sequence,
    at: isoTime(at),
    job: state.of.job,
    task: state.of.task,
    name: state.of.name,
    pool: state.of.pool,
    state: state.state,
    run: state.run,
    attempt: state.attempt,
    attemptsLost: state.attemptsLost,
    reason: state.reason,
    worker: workerOf(state),
    startedAt: isoTimeOrNull(state.startedAt),
    dueAt: isOpen(state) ? isoTime(state.dueAt) : null,
    retryAt: state.state === 'waiting' ? isoTime(state.retryAt) : null,
  };
}

/**
 * The job as this message left it; undefined where a newer one of the job is known, whose turn comes later, or where the
 * job is gone. Throws `Unavailable`.
 */
export async function jobAsOf(context: ApiContext, { sequence, state }: LogEntry): Promise<ListedJobView | undefined> {
  const tasks = await tasksOf(context, state.of.job, state.of.pool);
  if (tasks === undefined || newestOf(tasks) !== sequence) return undefined;
  return listedJobView(tasks, context.workers);
}

async function tasksOf(context: ApiContext, job: string, pool: string): Promise<readonly TaskGlance[] | undefined> {
  const indexed = context.follower.index.job(job);
  if (indexed?.complete === true) return indexed.tasks as readonly TaskGlance[];
  // Finished and no longer in the index, or never wholly in it.
  const record = await context.log.read(job, pool);
  const gone = record === undefined || record.tasks.some(({ last }) => last.state.state === 'deleted');
  return gone || glanceAt(record).sequence === 0 ? undefined : glancesOf(record);
}

const newestOf = (tasks: readonly TaskGlance[]): Sequence => Math.max(...tasks.map(({ sequence }) => sequence));
