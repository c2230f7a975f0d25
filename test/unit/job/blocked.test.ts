// The rules for tasks whose pool admits no call of their model: with which error they time out, and when they move or fail.

import { describe, expect, test } from 'vitest';
import type { Block } from '../../../src/job/block.ts';
import type { Policy } from '../../../src/job/policy.ts';
import { deadlineExceeded } from '../../../src/job/rules/deadlineExceeded.ts';
import { queueTimeout } from '../../../src/job/rules/queueTimeout.ts';
import type { Rule, World } from '../../../src/job/rules/rule.ts';
import { targetBlocked } from '../../../src/job/rules/targetBlocked.ts';
import type { OpenTask } from '../../../src/job/task.ts';
import { claimed, returned, submitted } from '../../../src/job/transitions.ts';
import { identity, runningTask, start } from '../../fakes/tasks.ts';

const calm: World = {
  worker: () => undefined,
  heartbeatTimeout: 6_000,
  outage: false,
  grace: 0,
  block: () => undefined,
};
const say = (rule: Rule, task: OpenTask, after: number, world = calm) =>
  rule({ task, seenFor: after }, world, start + after, 0.5);

const outOfService: Block = {
  reason: 'ProviderOutage',
  code: 'ProviderUnavailable',
  until: start + 15_000,
  since: start - 60_000,
  provider: { status: 503, code: 'UNAVAILABLE' },
  message: 'Gemini answered 503: The model is overloaded',
  permanent: false,
  confirmed: true,
};
const blocked = (over: Partial<Block> = {}, only = 'default'): World => ({
  ...calm,
  block: (pool) => (pool === only ? { ...outOfService, ...over } : undefined),
});

describe('a task that runs out of time while its pool admits no call', () => {
  const late = submitted(identity({ policy: { queueTimeout: 1_000 }, deadline: start + 1_000 }));

  test.each([
    [queueTimeout, 'QueueTimeout'],
    [deadlineExceeded, 'DeadlineExceeded'],
  ] as const)("%o fails with the provider's code", (rule, name) => {
    expect(say(rule, late, 1_000, blocked())).toMatchObject({
      rule: name,
      state: { state: 'failed', reason: 'ProviderUnavailable' },
      error: { code: 'ProviderUnavailable', provider: { status: 503 } },
      message: expect.stringMatching(/The provider has answered 503 .* for 1 min 1 s: The model is overloaded$/),
    });
    expect(say(rule, late, 1_000)).toMatchObject({ state: { reason: name } });
  });

  test("a spent budget is told in the budget's own words", () => {
    const message = "The pool's budget of 20 per day is spent (20.1)";
    const world = blocked({ reason: 'BudgetExhausted', code: 'BudgetExceeded', message });
    expect(say(targetBlocked, submitted(identity({ policy: { onBudget: 'fail' } })), 0, world)).toMatchObject({
      message,
    });
  });

  test('a probe that is running at the deadline fails alike, but not because of a key', () => {
    const running = claimed(late, 'worker-1', 1, start);
    expect(say(deadlineExceeded, running, 1_500, blocked())).toMatchObject({
      state: { reason: 'ProviderUnavailable' },
    });
    const refused = blocked({ reason: 'KeysRefused', code: 'KeyRefused' });
    expect(say(deadlineExceeded, running, 1_500, refused)).toMatchObject({ state: { reason: 'DeadlineExceeded' } });
  });

  test('a used-up request rate alone is a QueueTimeout', () => {
    const world = blocked({ reason: 'RateLimit', code: 'QueueTimeout' });
    expect(say(queueTimeout, late, 1_000, world)).toMatchObject({ state: { reason: 'QueueTimeout' } });
  });

  test('between two outages, the error of the last attempt counts', () => {
    const back = returned(runningTask(identity({ policy: { queueTimeout: 1_000 } })), 'KeyRefused', start);
    expect(say(queueTimeout, back, 1_000)).toMatchObject({ state: { reason: 'KeyRefused' } });
  });
});

describe('TargetBlocked', () => {
  const chain = [
    { pool: 'default', model: 'spare' },
    { pool: 'backup', model: 'other' },
  ];
  const task = (asked: Partial<Policy> = {}) => {
    const plain = identity();
    return submitted({ ...plain, policy: { ...plain.policy, ...asked } });
  };

  test('waits by default', () => {
    expect(say(targetBlocked, task(), 100, blocked())).toBeUndefined();
    expect(say(targetBlocked, task({ fallback: chain, fallbackOn: ['refusal'] }), 100, blocked())).toBeUndefined();
  });

  test.each([
    ['an outage with onOutage: fail', { onOutage: 'fail' as const }, {}, 'ProviderUnavailable'],
    [
      'a spent budget with onBudget: fail',
      { onBudget: 'fail' as const },
      { reason: 'BudgetExhausted' as const, code: 'BudgetExceeded' as const },
      'BudgetExceeded',
    ],
    [
      'no quota on any key',
      {},
      { reason: 'QuotaExhausted' as const, code: 'QuotaUnavailable' as const, permanent: true },
      'QuotaUnavailable',
    ],
  ])('fails on %s', (_name, asked, block, reason) => {
    const verdict = say(targetBlocked, task(asked), 100, blocked(block));
    expect(verdict).toMatchObject({
      rule: 'TargetBlocked',
      state: { state: 'failed', reason },
      error: { code: reason },
    });
    if (reason !== 'QuotaUnavailable') expect(say(targetBlocked, task(), 100, blocked(block))).toBeUndefined();
  });

  test('ignores one bad moment', () => {
    expect(say(targetBlocked, task({ onOutage: 'fail' }), 100, blocked({ confirmed: false }))).toBeUndefined();
  });

  test.each(['ProviderOutage', 'QuotaExhausted', 'KeysRefused'] as const)(
    '%s moves it to the next free target',
    (reason) => {
      const verdict = say(targetBlocked, task({ fallback: chain }), 100, blocked({ reason }));
      expect(verdict).toMatchObject({
        rule: 'FallBack',
        state: { state: 'queued', reason: 'FellBack', target: 2, lane: 'guest', attempt: 0 },
        message: expect.stringContaining('falling back to model other of pool backup'),
      });
    },
  );

  test('a chain ends: after its last target the task waits', () => {
    const last = { ...task({ fallback: chain }), target: 2, lane: 'guest' as const };
    expect(say(targetBlocked, last, 100, blocked({}, 'backup'))).toBeUndefined();
  });
});
