// Retry: failed and cancelled tasks of a finished job start a new run with fresh budgets and attempts.

import { latestEnd, lifetime } from '../budgets.ts';
import { latestStarts, levelsAmong } from '../chains/order.ts';
import { about } from '../duration.ts';
import { GenwardenError } from '../errors/index.ts';
import { clockTime } from '../explain/format.ts';
import {
  isOpen,
  type Cancelled,
  type Failed,
  type Held,
  type Instant,
  type Queued,
  type TaskIdentity,
  type TaskRequest,
  type TaskState,
} from '../task.ts';
import type { TaskIndex } from '../ids.ts';
import { newHeldRun, newRun } from '../transitions.ts';
import { nothing, refuse, write, type Decision } from './decision.ts';

/** `by` is the name of the person who requests the retry, for messages; `due` is set for a task that waits for others. */
export function retryTask(state: TaskState, request: TaskRequest, by: string, now: Instant, due?: Instant): Decision {
  if (!isRetryable(state)) return nothing;
  const next = due === undefined ? newRun(state, 'Retried', now) : newHeldRun(state, due, now);
  const refusal = refusalOfRun(next, now);
  if (refusal !== undefined) return refuse(refusal);
  return write({ state: next, detail: { message: `Run ${next.run}, requested by ${by}`, request } });
}

/** The tasks to retry by index: `due` if it waits for others of them, which will have ended by then, and its level among them. */
export type RetryPlan = ReadonlyMap<TaskIndex, { readonly due: Instant | undefined; readonly level: number }>;

/** What to retry, or the reason to refuse the whole request. `named` are the requested tasks; absent: all. */
export function tasksToRetry(
  job: readonly TaskState[],
  named: readonly TaskState[] | undefined,
  now: Instant,
): RetryPlan | GenwardenError {
  const id = job[0]!.of.job;
  if (job.some(isOpen)) return new GenwardenError('JobNotFinished', `Job ${id} has not finished`);
  const retryable = (named ?? job).filter(isRetryable);
  if (retryable.length > 0) return planOf(job, retryable, now);
  const among = named === undefined ? '' : ' among those named';
  return new GenwardenError('NothingToRetry', `Job ${id} has no failed or cancelled task${among}`);
}

function planOf(
  job: readonly TaskState[],
  retryable: readonly (Failed | Cancelled)[],
  now: Instant,
): RetryPlan | GenwardenError {
  const chosen = new Set(retryable.map(({ of }) => of.task));
  const alone = retryable.find(({ of }) => notRetried(job, of, chosen).length > 0);
  if (alone !== undefined) return dependenciesNotRetried(alone, notRetried(job, alone.of, chosen));
  const runs = retryable.map(({ of }) => ({ task: of.task, after: of.after ?? [], lifetime: lifetime(of.policy) }));
  const starts = latestStarts(runs, now);
  const levels = levelsAmong(runs);
  const plan = new Map<TaskIndex, { due: Instant | undefined; level: number }>();
  for (const task of retryable) {
    const level = levels.get(task.of.task)!;
    const due = level === 0 ? undefined : starts.get(task.of.task)!;
    const next = due === undefined ? newRun(task, 'Retried', now) : newHeldRun(task, due, now);
    const refusal = refusalOfRun(next, now);
    if (refusal !== undefined) return refusal;
    plan.set(task.of.task, { due, level });
  }
  return plan;
}

/** What the task waits for, and would wait for in vain. */
function notRetried(
  job: readonly TaskState[],
  { after = [] }: TaskIdentity,
  chosen: ReadonlySet<TaskIndex>,
): TaskState[] {
  return after.map((one) => job[one]!).filter(({ state, of }) => state !== 'succeeded' && !chosen.has(of.task));
}

function dependenciesNotRetried({ of }: TaskState, missing: readonly TaskState[]): GenwardenError {
  const names = missing.map((one) => one.of.name ?? String(one.of.task));
  const shown = names.slice(0, 10).join(', ') + (names.length > 10 ? `, and ${names.length - 10} more` : '');
  const message = `Task ${of.task}${of.name === null ? '' : ` (${of.name})`} waits for tasks that did not succeed: retry ${shown} as well`;
  return new GenwardenError('DependenciesNotRetried', message, { details: { tasks: names } });
}

/** A `JobExpiresTooSoon` if a new run has no time: the job's deadline has passed, or its retention would end first. */
export function refusalOfRun(next: Queued | Held, now: Instant): GenwardenError | undefined {
  const { deadline, expiresAt } = next.of;
  if (deadline !== null && deadline <= now) {
    return new GenwardenError('JobExpiresTooSoon', `The job's deadline passed at ${clockTime(deadline)}`);
  }
  const end = latestEnd(next);
  if (end <= expiresAt) return undefined;
  const over = about(end - expiresAt);
  const message = `The job is kept until ${clockTime(expiresAt)}, and a new run could last ${over} longer`;
  return new GenwardenError('JobExpiresTooSoon', message);
}

const isRetryable = (state: TaskState): state is Failed | Cancelled =>
  state.state === 'failed' || state.state === 'cancelled';
