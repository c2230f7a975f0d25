// The only way in which a use case changes a task: decide from its last message, write on the condition that it is still
// the last one, and if the write is refused, decide again from the newer message.

import { mapLimit } from '../async/mapLimit.ts';
import { GenwardenError } from '../job/errors/index.ts';
import { refuse, type Decision } from '../job/requests/decision.ts';
import type { Cancelled, Failed, OpenTask } from '../job/task.ts';
import type { DetailedEntry, JobRecord, TaskRecord } from '../ports/jobLog.ts';
import type { JobsContext } from './context.ts';
import { jobNotFound } from './read.ts';

export type Decide = (last: DetailedEntry, task: TaskRecord) => Decision;

export type ChangeContext = Pick<JobsContext, 'log' | 'follower'>;

export interface TaskChange {
  readonly task: TaskRecord;
  /** The message that the change replaced; undefined if the task was left unchanged. */
  readonly replaced: DetailedEntry | undefined;
}

const maxTries = 16;
const concurrentWrites = 32;

/**
 * Changes the tasks of a job, several at a time, and calls `onChange` for each as soon as it is settled, changed or not.
 * Throws a refusal, or `Unavailable` while NATS is unavailable; tasks changed by then stay changed.
 */
export async function changeTasks(
  context: ChangeContext,
  record: JobRecord,
  decide: Decide,
  onChange: (change: TaskChange) => void = () => {},
): Promise<TaskChange[]> {
  return mapLimit(concurrentWrites, record.tasks, async (task) => {
    const change = await changeTask(context, task, decide);
    onChange(change);
    return change;
  });
}

/** As `changeTasks`, one group of tasks after the other; tasks outside of the groups are left unchanged. */
export async function changeInOrder(
  context: ChangeContext,
  record: JobRecord,
  groups: readonly (readonly TaskRecord[])[],
  decide: Decide,
  onChange?: (change: TaskChange) => void,
): Promise<TaskChange[]> {
  const changes = new Map<TaskRecord, TaskChange>();
  for (const tasks of groups) {
    const changed = await changeTasks(context, { job: record.job, tasks }, decide, onChange);
    for (const [at, change] of changed.entries()) changes.set(tasks[at]!, change);
  }
  return record.tasks.map((task) => changes.get(task) ?? { task, replaced: undefined });
}

export async function changeTask(context: ChangeContext, task: TaskRecord, decide: Decide): Promise<TaskChange> {
  let seen = task;
  for (let tries = 0; tries < maxTries; tries += 1) {
    const decision = decide(seen.last, seen);
    if (decision.do === 'refuse') throw decision.error;
    if (decision.do === 'nothing') return { task: seen, replaced: undefined };
    const { write } = decision;
    const outcome = await context.log.write(write, seen.last.sequence);
    if (outcome.outcome === 'written' || outcome.overtaken !== undefined) {
      // A write that a newer message has replaced since counts as done: a repeated cancel would also end the next run.
      const own = outcome.outcome === 'written' ? outcome.entry : outcome.overtaken!;
      context.follower.applyOwn(own);
      const request = write.detail.request ?? seen.request;
      return { task: { last: { ...own, detail: write.detail }, request }, replaced: seen.last };
    }
    const { last } = outcome;
    if (last === undefined) throw jobNotFound(task.last.state.of.job);
    context.follower.applyOwn(last);
    // Never write twice on the same condition: the first write may still be in flight.
    if (last.sequence <= seen.last.sequence) break;
    seen = { last, request: last.detail.request ?? seen.request };
  }
  throw new GenwardenError('Unavailable', 'The task kept changing, so this change could not be written');
}

/** For every change but a delete: a job that was deleted after it was read is not found. */
export const unlessDeleted =
  (decide: Decide): Decide =>
  (last, task) =>
    last.state.state === 'deleted' ? refuse(jobNotFound(last.state.of.job)) : decide(last, task);

export function recordOf(record: JobRecord, changes: readonly TaskChange[]): JobRecord {
  return { job: record.job, tasks: changes.map(({ task }) => task) };
}

/**
 * Tells the worker to stop the attempt of a task that a request has ended, and notifies the caller. Does nothing
 * if the task was left unchanged.
 */
export function reportEnd(
  { heartbeats, onTaskEnded }: Pick<JobsContext, 'heartbeats' | 'onTaskEnded'>,
  { task, replaced }: TaskChange,
): void {
  if (replaced === undefined) return;
  const before = replaced.state as OpenTask;
  const { state, detail } = task.last;
  const after = state as Cancelled | Failed;
  if (before.state === 'running') {
    const { job, task: index } = before.of;
    heartbeats.sendCancellation(before.worker, { job, task: index, claim: replaced.sequence, reason: after.reason });
  }
  onTaskEnded({ before, after, message: detail.message });
}
