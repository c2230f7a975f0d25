// Retry: failed and cancelled tasks of a finished job start a new run with fresh budgets and attempts.

import { latestEnd } from '../budgets.ts';
import { formatDuration } from '../duration.ts';
import { GenwardenError } from '../errors/index.ts';
import { clockTime } from '../explain/format.ts';
import {
  isOpen,
  type Cancelled,
  type Failed,
  type Instant,
  type Queued,
  type TaskRequest,
  type TaskState,
} from '../task.ts';
import { newRun } from '../transitions.ts';
import { nothing, refuse, write, type Decision } from './decision.ts';

/** `by` is the name of the person who requests the retry, for messages. */
export function retryTask(state: TaskState, request: TaskRequest, by: string, now: Instant): Decision {
  if (!isRetryable(state)) return nothing;
  const next = newRun(state, 'Retried', now);
  const refusal = refusalOfRun(next, now);
  if (refusal !== undefined) return refuse(refusal);
  return write({ state: next, detail: { message: `Run ${next.run}, requested by ${by}`, request } });
}

/** The indexes of the tasks to retry, or the reason to refuse the whole request. `named` are the requested ones; absent: all. */
export function tasksToRetry(
  job: readonly TaskState[],
  named: readonly TaskState[] | undefined,
  now: Instant,
): ReadonlySet<number> | GenwardenError {
  const id = job[0]!.of.job;
  if (job.some(isOpen)) return new GenwardenError('JobNotFinished', `Job ${id} has not finished`);
  const retryable = (named ?? job).filter(isRetryable);
  for (const task of retryable) {
    const refusal = refusalOfRun(newRun(task, 'Retried', now), now);
    if (refusal !== undefined) return refusal;
  }
  if (retryable.length > 0) return new Set(retryable.map(({ of }) => of.task));
  const among = named === undefined ? '' : ' among those named';
  return new GenwardenError('NothingToRetry', `Job ${id} has no failed or cancelled task${among}`);
}

/** A `JobExpiresTooSoon` if a new run has no time: the job's deadline has passed, or its retention would end first. */
export function refusalOfRun(next: Queued, now: Instant): GenwardenError | undefined {
  const { deadline, expiresAt } = next.of;
  if (deadline !== null && deadline <= now) {
    return new GenwardenError('JobExpiresTooSoon', `The job's deadline passed at ${clockTime(deadline)}`);
  }
  const end = latestEnd(next);
  if (end <= expiresAt) return undefined;
  const over = formatDuration(end - expiresAt);
  const message = `The job is kept until ${clockTime(expiresAt)}, and a new run could last ${over} longer`;
  return new GenwardenError('JobExpiresTooSoon', message);
}

const isRetryable = (state: TaskState): state is Failed | Cancelled =>
  state.state === 'failed' || state.state === 'cancelled';
