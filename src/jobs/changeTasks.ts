// The one way in which the API changes a task: decide on what was seen, write on that condition, and on refusal look
// at what came between and decide again.

import { GenwardenError } from '../job/errors/index.ts';
import type { TaskWrite } from '../job/task.ts';
import type { DetailedEntry, JobRecord, TaskRecord } from '../ports/jobLog.ts';
import type { ApiContext } from '../api/options.ts';

/** What to write after this last message; undefined leaves the task as it is. It may throw what the request ends with. */
export type Decide = (last: DetailedEntry, task: TaskRecord) => TaskWrite | undefined;

export type ChangeContext = Pick<ApiContext, 'log' | 'follower'>;

export interface TaskChange {
  readonly task: TaskRecord;
  /** The message that was written over; undefined where the task was left as it is. */
  readonly over: DetailedEntry | undefined;
}

const mostTries = 16;
const writesAtOnce = 32;

/**
 * Changes the tasks of a job that `decide` has something for, several at a time. Calls `onChange` for each as soon as it
 * is settled, changed or not. Throws `Unavailable` when NATS is away; tasks that were changed by then stay so.
 */
export async function changeTasks(
  context: ChangeContext,
  record: JobRecord,
  decide: Decide,
  onChange: (change: TaskChange) => void = () => {},
): Promise<TaskChange[]> {
  const changes: TaskChange[] = [];
  const waiting = record.tasks.entries();
  const changeNext = async (): Promise<void> => {
    for (const [index, task] of waiting) {
      changes[index] = await changeTask(context, task, decide);
      onChange(changes[index]);
    }
  };
  // A lane ends at its first failure; all have ended before it is thrown, so that nothing is written after the answer.
  const lanes = Array.from({ length: Math.min(writesAtOnce, record.tasks.length) }, changeNext);
  const failed = (await Promise.allSettled(lanes)).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return changes;
}

export async function changeTask(context: ChangeContext, task: TaskRecord, decide: Decide): Promise<TaskChange> {
  let seen = task;
  for (let tries = 0; tries < mostTries; tries += 1) {
    const next = decide(seen.last, seen);
    if (next === undefined) return { task: seen, over: undefined };
    const outcome = await context.log.write(next, seen.last.sequence);
    if (outcome.outcome === 'written' || outcome.overtaken !== undefined) {
      // What others wrote over was done all the same: done twice, a cancel would also end the run that came after it.
      const own = outcome.outcome === 'written' ? outcome.entry : outcome.overtaken!;
      context.follower.applyOwn(own);
      const request = next.detail.request ?? seen.request;
      return { task: { last: { ...own, detail: next.detail }, request }, over: seen.last };
    }
    const { last } = outcome;
    if (last === undefined)
      throw new GenwardenError('JobNotFound', `There is no job ${task.last.state.of.job} any more`);
    context.follower.applyOwn(last);
    // The same condition twice could land beside a write in flight.
    if (last.sequence <= seen.last.sequence) break;
    seen = { last, request: last.detail.request ?? seen.request };
  }
  throw new GenwardenError('Unavailable', 'The task kept changing while it was to be changed');
}

export function recordOf(record: JobRecord, changes: readonly TaskChange[]): JobRecord {
  return { job: record.job, tasks: changes.map(({ task }) => task) };
}
