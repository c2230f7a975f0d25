// "Retry or fail": the only code that decides what follows a failed or lost attempt.

import { count, wasOrWere } from './explain/format.ts';
import { fillingDelay, fullJitter } from './backoff.ts';
import type { Duration } from './duration.ts';
import { taskError, type TaskError, type TaskErrorCode } from './errors/index.ts';
import { isKeyFailure, isProviderFailure } from './errors/failureKinds.ts';
import { fallbackFor } from './fallback.ts';
import { attemptLimit } from './policy.ts';
import type { Failed, Instant, Queued, Running, Waiting } from './task.ts';
import { failed, fellBack, requeued, returned, waiting } from './transitions.ts';

export interface Aftermath {
  readonly state: Waiting | Failed | Queued;
  readonly error: TaskError;
  /** The decision, for logs and metrics. */
  readonly rule:
    | 'Retry'
    | 'NotRetryable'
    | 'RetriesExhausted'
    | 'NoTimeLeft'
    | 'PoisonPill'
    | 'Requeue'
    | 'FallBack'
    | 'ProviderOut';
}

/** Errors that are worth one more attempt, but not more: each attempt is paid for. */
const retriedOnce: ReadonlySet<TaskErrorCode> = new Set(['OutputTruncated']);

/** What follows an attempt that ended with `error`; `random` is in [0, 1). */
export function afterFailure(task: Running, error: TaskError, now: Instant, random: number): Aftermath {
  const { policy } = task.of;
  if (error.code === 'WorkerDrained') {
    return requeueInTime(requeued(task, error.code, 'free', now), task, error, now);
  }
  const isLast = task.attempt >= (retriedOnce.has(error.code) ? Math.min(2, policy.maxAttempts) : policy.maxAttempts);
  const fallback = fallbackFor(task, error, isLast);
  if (fallback !== undefined) return fallBack(task, fallback, error, now);
  if (error.outage === true && policy.onOutage === 'fail') return giveUp(task, error, 'ProviderOut', now);
  // A missing quota or permission is retryable only while other keys of the pool may have it.
  if (error.outage === true || (isKeyFailure(error.code) && error.retryable)) {
    return requeueInTime(returned(task, error.code, now), task, error, now);
  }
  if (!error.retryable) return giveUp(task, error, 'NotRetryable', now);
  if (isLast) return giveUp(task, exhausted(task, error), 'RetriesExhausted', now);
  const next = waiting(task, error.code, now + delayAfter(task, error, now, random), now);
  if (next.retryAt >= next.dueAt) return giveUp(task, noTimeLeft(error), 'NoTimeLeft', now);
  return { state: next, error, rule: 'Retry' };
}

/** What follows the loss of the worker: a requeue in one write, unless too many workers were lost or no attempt is left. */
export function afterLoss(task: Running, error: TaskError, now: Instant): Aftermath {
  const lost = task.attemptsLost + 1;
  if (lost >= task.of.policy.maxLostAttempts) {
    const poison = taskError(
      'PoisonPill',
      `${count(lost, 'worker')} ${wasOrWere(lost)} lost while running this task, most recently: ${error.message}`,
    );
    return countLoss(giveUp(task, poison, 'PoisonPill', now));
  }
  if (task.attempt >= task.of.policy.maxAttempts) {
    return countLoss(giveUp(task, exhausted(task, error), 'RetriesExhausted', now));
  }
  const after = requeueInTime(requeued(task, error.code, 'lost', now), task, error, now);
  return after.state.state === 'failed' ? countLoss({ ...after, state: after.state }) : after;
}

/**
 * ms. The provider's own delay is a lower bound. Trouble at the provider lasts longer than the usual backoff, so its delays
 * fill the run budget, unless the job or its pool set a backoff.
 */
function delayAfter(task: Running, error: TaskError, now: Instant, random: number): Duration {
  const { policy } = task.of;
  const left = task.budgets.run - (now - task.since);
  const own =
    isProviderFailure(error.code) && policy.backoff.requested !== true
      ? fillingDelay(task.attempt, { ...policy, attemptTimeout: attemptLimit(policy), left }, random)
      : fullJitter(task.attempt, policy.backoff, random);
  return Math.max(error.retryAfter ?? 0, own);
}

function fallBack(task: Running, target: number, error: TaskError, now: Instant): Aftermath {
  const next = fellBack(task, target, now);
  if (next.dueAt <= now || next.budgets.run <= 0) return giveUp(task, noTimeLeft(error), 'NoTimeLeft', now);
  return { state: next, error, rule: 'FallBack' };
}

/** The requeue, or a failure if there is no time for another attempt, so that the task does not wait only to fail. */
function requeueInTime(next: Queued, task: Running, error: TaskError, now: Instant): Aftermath {
  if (next.dueAt <= now || next.budgets.run <= 0) return giveUp(task, noTimeLeft(error), 'NoTimeLeft', now);
  return { state: next, error, rule: 'Requeue' };
}

function giveUp(task: Running, error: TaskError, rule: Aftermath['rule'], now: Instant): Aftermath & { state: Failed } {
  return { state: failed(task, error.code, now), error, rule };
}

function countLoss(end: Aftermath & { state: Failed }): Aftermath {
  return { ...end, state: { ...end.state, attemptsLost: end.state.attemptsLost + 1 } };
}

function exhausted(task: Running, error: TaskError): TaskError {
  return { ...error, message: `${error.message} (attempt ${task.attempt} of ${task.of.policy.maxAttempts}, the last)` };
}

function noTimeLeft(error: TaskError): TaskError {
  return { ...error, message: `${error.message} (no time is left for another attempt)` };
}
