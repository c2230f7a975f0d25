// Fallbacks after a failed attempt: which errors move a task to its next target, one test per cause.

import { describe, expect, test } from 'vitest';
import { taskError, type TaskErrorCode } from '../../../src/job/errors/index.ts';
import { fallbackCauses, type FallbackCause } from '../../../src/job/policy.ts';
import { afterFailure, afterLoss } from '../../../src/job/retryOrFail.ts';
import { servingPool, targetOf } from '../../../src/job/target.ts';
import { claimed, failed, newRun, submitted } from '../../../src/job/transitions.ts';
import { identity, start } from '../../fakes/tasks.ts';

const chain = [
  { pool: 'default', model: 'spare' },
  { pool: 'backup', model: 'other' },
];
const now = start + 1_000;

function running(fallbackOn?: readonly FallbackCause[], attempt = 1) {
  const of = identity({ policy: { maxAttempts: 3 } });
  const policy = { ...of.policy, fallback: chain, ...(fallbackOn === undefined ? {} : { fallbackOn }) };
  return { ...claimed(submitted({ ...of, policy }), 'worker-1', 1, start), attempt };
}

const causes: [FallbackCause, TaskErrorCode, { outage?: boolean; retryable?: boolean }][] = [
  ['outage', 'ProviderUnavailable', { outage: true }],
  ['outage', 'ProviderError', { outage: true }],
  ['outage', 'ProviderUnreachable', { outage: true }],
  ['quota', 'QuotaUnavailable', {}],
  ['retired', 'ModelNotFound', {}],
  ['retired', 'PermissionDenied', {}],
  ['timeout', 'AttemptTimeout', {}],
  ['refusal', 'PromptRefused', {}],
  ['refusal', 'OutputRefused', {}],
];

describe.each(causes)('%s: %s', (cause, code, over) => {
  const error = { ...taskError(code, 'It broke'), ...over };

  test('moves the task to the next target at the cost of no attempt', () => {
    const { rule, state } = afterFailure(running([cause]), error, now, 0.5);
    expect(rule).toBe('FallBack');
    expect(state).toMatchObject({ state: 'queued', reason: 'FellBack', target: 1, lane: 'normal', attempt: 0 });
    expect(targetOf(state)).toEqual(chain[0]);
  });

  test('does not where the policy names other causes', () => {
    const others = fallbackCauses.filter((other) => other !== cause);
    expect(afterFailure(running(others), error, now, 0.5).rule).not.toBe('FallBack');
  });

  test('goes to the guest lane of another pool, and then ends', () => {
    const second = afterFailure({ ...running([cause]), target: 1 }, error, now, 0.5).state;
    expect(second).toMatchObject({ target: 2, lane: 'guest' });
    expect(servingPool(second)).toBe('backup');
    expect(afterFailure({ ...running([cause]), target: 2 }, error, now, 0.5).rule).not.toBe('FallBack');
  });
});

test('refusals are no cause unless the policy names them', () => {
  expect(afterFailure(running(), taskError('OutputRefused', 'No'), now, 0.5).rule).toBe('NotRetryable');
  expect(afterFailure(running(), taskError('AttemptTimeout', 'Slow'), now, 0.5).rule).toBe('FallBack');
});

test('a failing provider without a known outage is retried first, and falls back instead of failing', () => {
  const error = taskError('ProviderError', 'Broken');
  expect(afterFailure(running(), error, now, 0.5).rule).toBe('Retry');
  expect(afterFailure(running(undefined, 3), error, now, 0.5)).toMatchObject({
    rule: 'FallBack',
    state: { attempt: 2 },
  });
});

test('a lost worker is no cause, and a guest is requeued in the pool that serves it', () => {
  const { state } = afterLoss({ ...running(), target: 2 }, taskError('WorkerLost', 'Gone'), now);
  expect(state).toMatchObject({ state: 'queued', target: 2, lane: 'guest', attemptsLost: 1 });
});

test('a new run starts with the first target', () => {
  const ended = failed({ ...running(), target: 2 }, 'ProviderError', now);
  expect(newRun(ended, 'Retried', now).target).toBeUndefined();
  expect(ended.target).toBe(2);
});
