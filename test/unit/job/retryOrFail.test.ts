// "Retry or fail": what each kind of failure costs, and the bounds that no sequence of failures gets past.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { taskError, type TaskErrorCode } from '../../../src/job/errors/index.ts';
import { taskErrors } from '../../../src/job/errors/task.ts';
import { backoffCeiling } from '../../../src/job/backoff.ts';
import { afterFailure, afterLoss } from '../../../src/job/retryOrFail.ts';
import { claimed, requeued, submitted } from '../../../src/job/transitions.ts';
import { arbitraryPolicy, identity, runningTask, start } from '../../fakes/tasks.ts';

const codes = Object.keys(taskErrors) as TaskErrorCode[];
const keyFailures: TaskErrorCode[] = ['RateLimited', 'QuotaExhausted', 'KeyRefused'];
const free: TaskErrorCode[] = [...keyFailures, 'WorkerDrained'];
const now = start + 1_000;
const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

const fail = (code: TaskErrorCode, policy = {}, random = 0.5) =>
  afterFailure(runningTask(identity({ policy })), taskError(code, 'It broke'), now, random);

describe('afterFailure', () => {
  test.each(codes.filter((code) => !taskErrors[code].retryable))('%s is never tried again', (code) => {
    const after = fail(code, { maxAttempts: 20 });
    expect(after).toMatchObject({ rule: 'NotRetryable', state: { state: 'failed', reason: code }, error: { code } });
  });

  test('WorkerDrained costs no attempt and goes to the front of the queue', () => {
    const task = runningTask(identity({ policy: { maxAttempts: 1 } }));
    const after = afterFailure(task, taskError('WorkerDrained', 'Later'), now, 0.5);
    expect(after.rule).toBe('Requeue');
    expect(after.state).toMatchObject({ state: 'queued', lane: 'again', attempt: 0, attemptsLost: 0 });
  });

  test.each(keyFailures)('%s costs no attempt and no run time, and returns to its own lane', (code) => {
    const task = runningTask(identity({ priority: 'low', policy: { maxAttempts: 1, runTimeout: 1_000 } }));
    const after = afterFailure(task, taskError(code, 'Later'), now, 0.5);
    expect(after.rule).toBe('Requeue');
    expect(after.state).toMatchObject({ state: 'queued', lane: 'low', reason: code, attempt: 0, attemptsLost: 0 });
    const { run, queue } = task.budgets;
    expect(after.state.budgets).toMatchObject({ run, queue: queue - 1_000 });
  });

  test.each(keyFailures)('%s with no time left in the queue fails at once: it would wait in vain', (code) => {
    const task = { ...runningTask(), budgets: { queue: 1_000, run: 300_000, review: 1 } };
    expect(afterFailure(task, taskError(code, 'Later'), now, 0.5)).toMatchObject({
      rule: 'NoTimeLeft',
      state: { state: 'failed', reason: code },
    });
  });

  test('WorkerDrained with no time left in the run fails at once', () => {
    const task = runningTask(identity({ policy: { runTimeout: 1_000 } }));
    expect(afterFailure(task, taskError('WorkerDrained', 'Later'), now, 0.5)).toMatchObject({
      rule: 'NoTimeLeft',
      state: { state: 'failed', reason: 'WorkerDrained', budgets: { run: 0 } },
    });
  });

  test.each(['QuotaUnavailable', 'PermissionDenied'] as const)(
    '%s waits only while other keys may serve it',
    (code) => {
      const task = runningTask();
      const error = taskError(code, 'Not with this key', { retryable: true });
      expect(afterFailure(task, error, now, 0.5)).toMatchObject({ rule: 'Requeue', state: { state: 'queued' } });
    },
  );

  test('a failure that belongs to an outage does not count, unless the policy says to fail', () => {
    const error = { ...taskError('ProviderUnavailable', 'Down'), outage: true };
    const of = (onOutage: 'wait' | 'fail') => runningTask(identity({ policy: { onOutage, maxAttempts: 1 } }));
    expect(afterFailure(of('wait'), error, now, 0.5)).toMatchObject({
      rule: 'Requeue',
      state: { state: 'queued', lane: 'normal', attempt: 0 },
    });
    expect(afterFailure(of('fail'), error, now, 0.5)).toMatchObject({
      rule: 'ProviderOut',
      state: { state: 'failed', reason: 'ProviderUnavailable' },
    });
  });

  test('a truncated output is tried once more, and no more', () => {
    const task = runningTask(identity({ policy: { maxAttempts: 20 } }));
    const error = taskError('OutputTruncated', 'Cut off');
    expect(afterFailure(task, error, now, 0.5)).toMatchObject({ rule: 'Retry' });
    expect(afterFailure({ ...task, attempt: 2 }, error, now, 0.5)).toMatchObject({ rule: 'RetriesExhausted' });
  });

  test('the delays after trouble at the provider fill the run budget, and those of a requested backoff do not', () => {
    const error = taskError('ProviderError', 'Broken');
    const delays = (policy = {}) => {
      let task = runningTask(identity({ policy }));
      const seen: number[] = [];
      for (;;) {
        const { state } = afterFailure(task, error, task.since, 0.999_999);
        if (state.state !== 'waiting') return { seen, total: task.since - start };
        seen.push(state.retryAt - task.since);
        const again = requeued(state, 'RetryDue', 'counts', state.retryAt);
        task = claimed(again, 'worker-1', 1, state.retryAt);
      }
    };
    // 300 s in all, and 91 s for the last attempt.
    expect(delays()).toEqual({ seen: [4_000, 205_000], total: 209_000 });
    expect(delays({ backoff: { first: 1_000 } })).toEqual({ seen: [1_000, 2_000], total: 3_000 });
    expect(delays({ maxAttempts: 2, runTimeout: 30_000, attemptTimeout: 20_000 })).toMatchObject({ seen: [9_000] });
    expect(delays({ runTimeout: 30_000 })).toMatchObject({ seen: [4_000, 4_000] });
  });

  test('a quick error keeps the quick backoff', () => {
    const { state } = afterFailure(runningTask(), taskError('NoOutput', 'Empty'), now, 0.5);
    expect(state).toMatchObject({ state: 'waiting', retryAt: now + 500 });
  });

  test.each(codes.filter((code) => taskErrors[code].retryable && !free.includes(code) && code !== 'OutputTruncated'))(
    '%s waits, then fails',
    (code) => {
      expect(fail(code)).toMatchObject({ rule: 'Retry', state: { state: 'waiting', reason: code, attempt: 1 } });
      const last = fail(code, { maxAttempts: 1 });
      expect(last).toMatchObject({ rule: 'RetriesExhausted', state: { state: 'failed', reason: code } });
      expect(last.error.message).toBe('It broke (attempt 1 of 1, the last)');
    },
  );

  test('the wait lies between 0 and the ceiling of the attempt', () => {
    fc.assert(
      fc.property(arbitraryPolicy, unit, fc.integer({ min: 1, max: 8 }), (policy, random, attempt) => {
        const of = identity({ policy: { ...policy, runTimeout: 86_400_000, maxAttempts: 20 } });
        const task = { ...runningTask(of), attempt };
        const { state } = afterFailure(task, taskError('NoOutput', 'x'), now, random);
        if (state.state !== 'waiting') throw new Error(`expected waiting, not ${state.state}`);
        expect(state.retryAt).toBeGreaterThanOrEqual(now);
        expect(state.retryAt).toBeLessThanOrEqual(now + backoffCeiling(attempt, policy.backoff));
      }),
    );
  });

  test("the provider's own delay is honoured where it is longer than ours", () => {
    const delayed = (retryAfter: number, random: number) =>
      afterFailure(runningTask(), taskError('ProviderUnavailable', 'x', { retryAfter }), now, random).state;
    expect(delayed(20_000, 0.5)).toMatchObject({ state: 'waiting', retryAt: now + 20_000 });
    expect(delayed(100, 0.5)).toMatchObject({ state: 'waiting', retryAt: now + 3_000 });
  });

  test('there is no wait past the end of the run or of the job: it fails at once, with the cause', () => {
    const error = taskError('ProviderUnavailable', 'Down', { retryAfter: 60_000 });
    for (const of of [identity({ policy: { runTimeout: 61_000 } }), identity({ deadline: now + 60_000 })]) {
      const after = afterFailure(runningTask(of), error, now, 0);
      expect(after).toMatchObject({ rule: 'NoTimeLeft', state: { state: 'failed', reason: 'ProviderUnavailable' } });
      expect(after.error.message).toContain('no time is left');
    }
  });
});

describe('afterLoss', () => {
  const error = taskError('WorkerLost', 'Worker w sent no heartbeat for 6.0 s');

  test('goes back to the front of the queue in one write and counts the loss', () => {
    const after = afterLoss(runningTask(), error, now);
    expect(after.rule).toBe('Requeue');
    expect(after.state).toMatchObject({
      state: 'queued',
      lane: 'again',
      reason: 'WorkerLost',
      attempt: 1,
      attemptsLost: 1,
    });
  });

  test('a task that keeps losing its workers is a poison pill', () => {
    const task = { ...runningTask(identity({ policy: { maxAttempts: 9 } })), attempt: 3, attemptsLost: 2 };
    const after = afterLoss(task, error, now);
    expect(after).toMatchObject({ rule: 'PoisonPill', error: { code: 'PoisonPill', retryable: false } });
    expect(after.state).toMatchObject({ state: 'failed', reason: 'PoisonPill', attemptsLost: 3 });
    expect(after.error.message).toContain(error.message);
  });

  test('the last attempt is not tried again', () => {
    const after = afterLoss(runningTask(identity({ policy: { maxAttempts: 1 } })), error, now);
    expect(after).toMatchObject({
      rule: 'RetriesExhausted',
      state: { state: 'failed', reason: 'WorkerLost', attemptsLost: 1 },
    });
  });

  test.each([
    ['the run', identity({ policy: { runTimeout: 1_000 } })],
    ['the job', identity({ deadline: now })],
  ])('nothing is queued whose time is over: that of %s', (_what, of) => {
    const after = afterLoss(runningTask(of), error, now);
    expect(after).toMatchObject({
      rule: 'NoTimeLeft',
      state: { state: 'failed', reason: 'WorkerLost', attemptsLost: 1 },
    });
  });

  test('nothing is queued that used up its time in the queue', () => {
    const task = claimed(submitted(identity({ policy: { queueTimeout: 1_000 } })), 'w', 1, start + 1_000);
    expect(afterLoss(task, error, now + 1_000)).toMatchObject({ rule: 'NoTimeLeft', state: { state: 'failed' } });
  });
});
