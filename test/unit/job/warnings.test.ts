// The warnings of a submit, code by code: when they appear, what they say, and with which numbers.
import { describe, expect, test } from 'vitest';
import type { ObservedKey } from '../../../src/job/explain/observation.ts';
import type { Ahead } from '../../../src/job/place.ts';
import { warningsFor, type Warning } from '../../../src/job/explain/warnings.ts';
import { policyFor, type Policy } from '../../../src/job/policy.ts';
import { submitted } from '../../../src/job/transitions.ts';
import { blockOf } from '../../fakes/blocks.ts';
import { identity, queuedTask, start } from '../../fakes/tasks.ts';
import { key, outage, queued, running, seenBy } from './observations.ts';

const minute = 60_000;
const model = queued.of.model;
const day = 'in 1 day (2026-11-23T00:00:00Z)';

type Facts = Parameters<typeof seenBy>;

const warned = (tasks: number, over: Facts[2] = {}, pool: Facts[3] = {}, task: Facts[0] = queued): readonly Warning[] =>
  warningsFor(seenBy(task, 0, over, pool), placesFrom(over.ahead ?? { again: 0, lane: 0 }, tasks));

const placesFrom = ({ again, lane }: Ahead, tasks: number): Ahead[] =>
  Array.from({ length: tasks }, (_, at) => ({ again, lane: lane + at }));

const codes = (...facts: Parameters<typeof warned>): string[] => warned(...facts).map(({ code }) => code);

const withPolicy = (policy: Partial<Policy>, over = {}) =>
  submitted({ ...identity(over), policy: { ...policyFor('image'), ...policy } });

const unusable = (state: ObservedKey['models'][number]['state'], until: number): ObservedKey =>
  key('cooling', { models: [{ model, state, until: start + until }] });

test('an idle pool, and a task that is not queued, get none', () => {
  expect(warned(1)).toEqual([]);
  expect(warned(4)).toEqual([]);
  expect(warned(1, {}, { workers: 0, slots: { total: 0, free: 0 } }, running)).toEqual([]);
});

test('what comes back by itself within seconds is none: a busy pool, used-up requests per minute', () => {
  const busy = { slots: { total: 4, free: 0 }, running: 4, attemptMs: 10_000 };
  expect(codes(1, { ahead: { again: 0, lane: 40 } }, busy)).toEqual([]);
  expect(codes(1, { block: blockOf('RateLimit', { until: start + minute }) }, busy)).toEqual([]);
});

describe('NoWorkers', () => {
  const none = { workers: 0, slots: { total: 0, free: 0 } };

  test('says how many tasks are queued, and when the task fails', () => {
    expect(warned(1, {}, none)).toEqual([
      {
        code: 'NoWorkers',
        message: `No worker serves pool default. Start one with \`genwarden worker --pool default\`, or raise the replicas of its Deployment. Otherwise the task fails with QueueTimeout ${day}.`,
        until: null,
        queued: 1,
        failsAt: start + 1_440 * minute,
      },
    ]);
  });

  test('names a deadline that comes first, and the draining workers', () => {
    const task = queuedTask({ deadline: start + minute, submittedAt: start });
    const [warning] = warned(3, {}, { ...none, workers: 2, draining: 2 }, task);
    expect(warning!.message).toMatch(/^No worker serves pool default \(2 workers are shutting down\)\./);
    expect(warning!.message).toContain("Otherwise the job's 3 tasks fail with DeadlineExceeded in 1 min");
    expect(warning!.failsAt).toBe(start + minute);
  });

  test('of a WorkerPool leaves it to the operator to start workers', () => {
    expect(warned(1, {}, { ...none, resource: { namespace: 'images', paused: false } })[0]!.message).toContain(
      'The operator starts workers for queued',
    );
  });

  test('is not claimed by a process that has not heard all workers yet', () => {
    expect(warned(1, {}, { ...none, knowsWorkers: false })).toEqual([]);
  });
});

describe('PoolPaused', () => {
  test('says until when, and what happens if that is too late', () => {
    const [open] = warned(2, {}, { paused: { until: null } });
    expect(open).toMatchObject({ code: 'PoolPaused', until: null, queued: 1 });
    expect(open!.message).toBe(
      `Pool default is paused until it is resumed; workers claim no tasks from it. Otherwise the job's 2 tasks fail with QueueTimeout ${day}. Resume it with \`genwarden resume default\`. The queue timeout keeps running during the pause.`,
    );
    const short = warned(2, {}, { paused: { until: start + 10 * minute } });
    expect(short).toMatchObject([{ code: 'PoolPaused', until: start + 10 * minute }]);
    expect(short[0]!.message).not.toContain('fail');
  });

  test('that ends after the timeout is also a queue that takes too long', () => {
    const task = withPolicy({ queueTimeout: minute });
    expect(codes(1, {}, { paused: { until: start + 10 * minute } }, task)).toEqual([
      'PoolPaused',
      'QueueLongerThanTimeout',
    ]);
  });
});

describe('KeysExhausted', () => {
  const until = start + 2 * minute;

  test('counts refused and cooling keys and those without quota', () => {
    const keys = [key('refused'), key('refused'), unusable('cooling', 2 * minute), unusable('exhausted', 60 * minute)];
    const [warning] = warned(1, { block: blockOf('KeysCooling', { until }) }, { keys });
    expect(warning).toMatchObject({
      code: 'KeysExhausted',
      until,
      keys: { total: 4, refused: 2, cooling: 1, withoutQuota: 1, coolingUntil: until },
    });
    expect(warning!.message).toBe(
      `No key of pool default admits a call of ${model}: 2 keys are refused, 1 key is cooling until 2026-11-22T00:02:00Z, 1 key is without quota. The task waits, and fails with RateLimited ${day} if this lasts. Replace the refused keys: workers read changed key files while they run.`,
    );
  });

  test('only cooling keys: until when', () => {
    const keys = [unusable('cooling', 2 * minute), key('busy')];
    const [warning] = warned(1, { block: blockOf('KeysCooling', { until, message: 'Slow down.' }) }, { keys });
    expect(warning!.message).toContain('1 key is cooling until 2026-11-22T00:02:00Z, 1 key is at the request limit.');
    expect(warning!.message).toContain('The provider says: Slow down. Add keys or reduce the load if this persists.');
  });

  test('refused keys: what the provider said, and that the task waits for other keys', () => {
    const block = blockOf('KeysRefused', { code: 'KeyRefused', until, message: 'API key not valid.' });
    const [warning] = warned(2, { block }, { keys: [key('refused')] });
    expect(warning!.message).toContain("The job's 2 tasks wait, and fail with KeyRefused");
    expect(warning!.message).toContain('The provider says: API key not valid. Replace the refused keys');
  });

  test('no quota at all: the tasks fail at once, unless a fallback takes them', () => {
    const block = blockOf('QuotaExhausted', { code: 'QuotaUnavailable', permanent: true });
    const keys = [unusable('noQuota', minute)];
    expect(warned(1, { block }, { keys })[0]).toMatchObject({ code: 'KeysExhausted', until: null });
    expect(warned(1, { block }, { keys })[0]!.message).toContain(
      'its only key is without quota. The task fails with QuotaUnavailable. Enable billing',
    );
    const task = withPolicy({ fallback: [{ pool: 'spare', model: 'other' }] });
    expect(warned(1, { block }, { keys }, task)[0]!.message).toContain('The task moves to model other of pool spare.');
  });
});

test('ProviderOutage says since when, the next probe, and what the policy does', () => {
  const block = outage({ code: 'ProviderUnavailable', until: start + minute });
  const [warning] = warned(1, { block });
  expect(warning).toMatchObject({ code: 'ProviderOutage', until: start + minute });
  expect(warning!.message).toBe(
    `Gemini answers 503 for ${model} since 2026-11-22T00:00:10Z: The model is overloaded; next probe 2026-11-22T00:01:00Z. The task waits, and fails with ProviderUnavailable ${day} if this lasts. Check the provider's status page.`,
  );
  const fails = withPolicy({ onOutage: 'fail' });
  expect(warned(1, { block }, {}, fails)[0]!.message).toContain('The task fails with ProviderUnavailable.');
});

test('BudgetExhausted and NoKeys', () => {
  const block = blockOf('BudgetExhausted', { until: start + 60 * minute, message: 'Pool default has spent 20 of 20' });
  expect(warned(1, { block })).toMatchObject([
    {
      code: 'BudgetExhausted',
      until: start + 60 * minute,
      message: expect.stringContaining('has spent 20 of 20 until'),
    },
  ]);
  expect(codes(1, { block: blockOf('NoKeys') })).toEqual(['NoKeys']);
});

test('StorageFull names the storage', () => {
  const storage = { place: 'disk', refuses: 'statuses', since: start, words: 'no space left' } as const;
  expect(warned(1, { storage })).toMatchObject([
    { code: 'StorageFull', message: expect.stringContaining('no space left') },
  ]);
});

describe('QueueLongerThanTimeout', () => {
  const slow = { requestsPerMinute: 1, requestsLeft: 1 };
  const task = withPolicy({ queueTimeout: 10 * minute });
  const pool = {
    keys: [key('ready', slow)],
    attemptMs: 5_000,
    lanes: { again: 0, high: 0, normal: 40, low: 0, guest: 0 },
  };

  test('has both numbers, and how many tasks are late', () => {
    const [warning, ...others] = warned(40, {}, pool, task);
    expect(others).toEqual([]);
    expect(warning).toEqual({
      code: 'QueueLongerThanTimeout',
      message:
        "The last of the job's 40 tasks would start in about 39 min at 1 request per minute, with 39 tasks before it, but its queueTimeout ends in 10 min: about 29 of them would fail with QueueTimeout. Add keys or raise their requests per minute, raise policy.queueTimeout, or submit the job later.",
      until: null,
      queued: 40,
      failsAt: start + 10 * minute,
      estimate: {
        before: 39,
        wait: 39 * minute,
        timeout: 10 * minute,
        late: 29,
        requestsPerMinute: 1,
        slots: 4,
        attempt: 5_000,
      },
    });
  });

  test('counts the tasks ahead, and names the deadline if it comes first', () => {
    const dated = withPolicy({}, { deadline: start + 5 * minute, submittedAt: start });
    const [warning] = warned(1, { ahead: { again: 3, lane: 20 } }, pool, dated);
    expect(warning!.message).toContain(
      'The task would start in about 23 min at 1 request per minute, with 23 tasks before',
    );
    expect(warning!.message).toContain('its deadline ends in 5 min: it would fail with DeadlineExceeded');
    expect(warning!.message).toContain('policy.deadline');
  });

  test('names slots as the limit, and an amount that is a lower bound', () => {
    const bySlots = { ...pool, keys: [], slots: { total: 2, free: 2 }, attemptMs: 60 * minute };
    expect(warned(40, {}, bySlots, task)[0]!.message).toContain(
      'in about 19 h with 2 slots and 1 h per attempt, with 39 tasks before it',
    );
    expect(warned(40, {}, { ...pool, attemptMs: null }, task)[0]!.message).toContain('in at least 39 min at 1 request');
  });

  test('counts the limit of the tenant: how many of its tasks run at a time', () => {
    const aheads = placesFrom({ again: 0, lane: 0 }, 30).map((ahead, at) => {
      return { ...ahead, limit: { limit: 2, running: 2, before: at } };
    });
    const facts = { block: blockOf('TenantLimit') };
    const free = { keys: [], attemptMs: minute, slots: { total: 100, free: 98 }, running: 2 };
    const [warning, ...others] = warningsFor(seenBy(task, 0, facts, free), aheads);
    expect(others).toEqual([]);
    expect(warning).toMatchObject({ code: 'QueueLongerThanTimeout', estimate: { wait: 15 * minute, late: 10 } });
    expect(warning!.message).toContain(
      'would start in about 15 min with 2 tasks of the tenant or group at a time and 1 min per attempt',
    );
    expect(warning!.message).toContain('Raise the limits of the pool, raise policy.queueTimeout');
    expect(codes(30, facts, free, task)).toEqual([]);
  });

  test('says nothing while the start is unknown, or in time', () => {
    expect(codes(11, {}, pool, task)).toEqual([]);
    expect(codes(12, {}, pool, task)).toEqual(['QueueLongerThanTimeout']);
    expect(codes(40, {}, { ...pool, keys: null, attemptMs: null }, task)).toEqual([]);
    expect(codes(40, {}, { ...pool, workers: 0, slots: { total: 0, free: 0 } }, task)).toEqual(['NoWorkers']);
    expect(codes(40, { block: outage({}) }, pool, task)).toEqual(['ProviderOutage']);
  });

  test('waits for the end of a block', () => {
    const block = blockOf('BudgetExhausted', { until: start + 60 * minute });
    expect(codes(1, { block }, {}, task)).toEqual(['BudgetExhausted', 'QueueLongerThanTimeout']);
    const keys = [unusable('exhausted', 60 * minute)];
    const quota = blockOf('QuotaExhausted', { until: start + 60 * minute });
    expect(codes(1, { block: quota }, { keys }, task)).toEqual(['KeysExhausted', 'QueueLongerThanTimeout']);
  });
});
