// "Retry or fail": the only code that decides what follows a failed or lost attempt.

import { taskError, type TaskError, type TaskErrorCode } from './errors/index.ts';
import { fullJitter } from './backoff.ts';
import type { Failed, Instant, Queued, Running, Waiting } from './task.ts';
import { failed, requeued, waiting } from './transitions.ts';

export interface Aftermath {
  readonly state: Waiting | Failed | Queued;
  readonly error: TaskError;
  /** The decision, for logs and metrics. */
  readonly rule: 'Retry' | 'NotRetryable' | 'RetriesExhausted' | 'NoTimeLeft' | 'PoisonPill' | 'Requeue';
}

/** Errors that do not count as an attempt: the task is requeued and waits for a key or a worker. */
const uncountedErrors: ReadonlySet<TaskErrorCode> = new Set(['RateLimited', 'QuotaExhausted', 'WorkerDrained']);

/** What follows an attempt that ended with `error`; `random` is in [0, 1). */
export function afterFailure(task: Running, error: TaskError, now: Instant, random: number): Aftermath {
  if (uncountedErrors.has(error.code)) return requeueInTime(requeued(task, error.code, 'free', now), task, error, now);
  if (!error.retryable) return giveUp(task, error, 'NotRetryable', now);
  if (task.attempt >= task.of.policy.maxAttempts) return giveUp(task, exhausted(task, error), 'RetriesExhausted', now);
  const delay = Math.max(error.retryAfter ?? 0, fullJitter(task.attempt, task.of.policy.backoff, random));
  const next = waiting(task, error.code, now + delay, now);
  if (next.retryAt >= next.dueAt) return giveUp(task, noTimeLeft(error), 'NoTimeLeft', now);
  return { state: next, error, rule: 'Retry' };
}

/** What follows the loss of the worker: a requeue in one write, unless too many workers were lost or no attempt is left. */
export function afterLoss(task: Running, error: TaskError, now: Instant): Aftermath {
  const lost = task.attemptsLost + 1;
  if (lost >= task.of.policy.maxLostAttempts) {
    const poison = taskError(
      'PoisonPill',
      `${lost} workers were lost while running this task, most recently: ${error.message}`,
    );
    return countLoss(giveUp(task, poison, 'PoisonPill', now));
  }
  if (task.attempt >= task.of.policy.maxAttempts) {
    return countLoss(giveUp(task, exhausted(task, error), 'RetriesExhausted', now));
  }
  const after = requeueInTime(requeued(task, error.code, 'lost', now), task, error, now);
  return after.state.state === 'failed' ? countLoss({ ...after, state: after.state }) : after;
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
