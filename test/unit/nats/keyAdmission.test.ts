// The decision over a pool's keys, its outages and its budgets: what blocks, until when, and what the key records say about it.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blockOf, roomOf, type PoolView } from '../../../src/adapters/nats/keys/admission.ts';
import { afterOutage, healthy } from '../../../src/adapters/nats/keys/health.ts';
import { emptyRecord, type KeyRecord } from '../../../src/adapters/nats/keys/record.ts';
import { forgetRefusals, grantCall, release, roomFor, stateOf } from '../../../src/adapters/nats/keys/setbacks.ts';
import { addToPool, nothingSpent } from '../../../src/adapters/nats/keys/spending.ts';
import { taskError, type TaskErrorCode } from '../../../src/job/errors/index.ts';
import type { KeyOutcome } from '../../../src/ports/keyRing.ts';

const start = 1_700_000_000_000;
const failed = (code: TaskErrorCode, retryAfter?: number): KeyOutcome => ({
  outcome: 'failed',
  error: taskError(code, 'no', retryAfter === undefined ? {} : { retryAfter }),
});
const fresh = (requestsPerMinute = 100, maxInFlight = 10): KeyRecord =>
  emptyRecord({ requestsPerMinute, maxInFlight }, start);
const after = (record: KeyRecord, outcome: KeyOutcome, now = start, model = 'painter', id = `${now}`): KeyRecord =>
  release(grantCall(record, id, now), { id, model }, outcome, now);
const view = (keys: readonly KeyRecord[] | undefined, over: Partial<PoolView> = {}): PoolView => ({
  keys,
  health: healthy,
  spending: undefined,
  tenant: () => undefined,
  ...over,
});
const block = (keys: readonly KeyRecord[], now = start, over: Partial<PoolView> = {}) =>
  blockOf(view(keys, over), 'painter', 'acme', now);

const codes = ['RateLimited', 'QuotaExhausted', 'QuotaUnavailable', 'KeyRefused', 'PermissionDenied'] as const;
const step = fc.record({
  gap: fc.integer({ min: 0, max: 90_000 }),
  key: fc.integer({ min: 0, max: 2 }),
  model: fc.constantFrom('painter', 'writer'),
  code: fc.option(fc.constantFrom(...codes)),
  retryAfter: fc.option(fc.double({ min: -1e3, max: 1e19 }), { nil: undefined }),
});

test('a pool is blocked exactly while no key admits a call, and never longer than an hour', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
      const keys = [fresh(5, 2), fresh(3, 2), fresh(4, 2)];
      let now = start;
      for (const [index, { gap, key, model, code, retryAfter }] of steps.entries()) {
        now += gap;
        if (roomFor(keys[key]!, model, now) === 0) continue;
        const outcome: KeyOutcome = code === null ? { outcome: 'used' } : failed(code, retryAfter);
        keys[key] = after(keys[key]!, outcome, now, model, String(index));
        for (const one of ['painter', 'writer']) {
          const blocked = blockOf(view(keys), one, 'acme', now);
          const { room, at } = roomOf(view(keys), [one], now);
          expect(room > 0).toBe(blocked === undefined);
          expect(room).toBe(keys.reduce((sum, record) => sum + roomFor(record, one, now), 0));
          if (blocked === undefined) continue;
          expect(blocked.until).toBeGreaterThan(now);
          expect(blocked.until).toBeLessThanOrEqual(now + 3_600_000);
          if (!blocked.permanent) expect(blocked.until).toBe(at);
          // At the time that it names, the block ends or has a later one.
          const later = blockOf(view(keys), one, 'acme', at);
          if (later !== undefined) expect(later.until).toBeGreaterThan(at);
        }
        expect(() => stateOf('front', 'f', keys[key]!, now)).not.toThrow();
      }
    }),
  );
});

test('the reason is that of the key that becomes usable first', () => {
  const cools = after(fresh(), failed('RateLimited', 30_000));
  const exhausted = after(fresh(), failed('QuotaExhausted'));
  const full = grantCall(fresh(1), 'x', start);
  expect(block([exhausted, cools])).toMatchObject({ reason: 'KeysCooling', until: start + 30_000 });
  expect(block([full, exhausted])).toMatchObject({ reason: 'QuotaExhausted', until: start + 60_000 });
  expect(block([full])).toMatchObject({ reason: 'RateLimit', code: 'QueueTimeout' });
  expect(block([full, fresh()])).toBeUndefined();
  expect(block([])).toMatchObject({ reason: 'NoKeys', until: null });
});

test('an outage comes before the keys, a spent budget before an outage, and a missing quota before all', () => {
  const out = afterOutage(
    healthy('painter'),
    { id: 'a', task: 'job/0' },
    taskError('ProviderUnavailable', 'no'),
    start,
  );
  const broke = addToPool(nothingSpent({ pool: { day: 1 } }, start), 1, start);
  const cools = after(fresh(), failed('RateLimited', 30_000));
  const none = after(fresh(), failed('QuotaUnavailable'));
  const health = () => out;
  expect(block([cools], start, { health })?.reason).toBe('ProviderOutage');
  expect(block([cools], start, { health, spending: broke })?.reason).toBe('BudgetExhausted');
  expect(block([none], start, { health, spending: broke })).toMatchObject({
    code: 'QuotaUnavailable',
    permanent: true,
  });
  expect(roomOf(view([fresh()], { health }), ['painter'], start)).toEqual({ room: 0, at: start + 2_000 });
  expect(roomOf(view([fresh()], { health }), ['painter'], start + 2_000).room).toBe(1);
});

test('a refused key waits 10, 20, 40 and then 60 minutes for its next trial', () => {
  let record = fresh();
  const delays: number[] = [];
  let now = start;
  for (let trial = 0; trial < 5; trial += 1) {
    record = after(record, failed('KeyRefused'), now);
    delays.push((record.refusal!.until - now) / 60_000);
    now = record.refusal!.until;
    expect(roomFor(record, 'painter', now)).toBe(1);
    // While one call tries the key, no other does.
    expect(roomFor(grantCall(record, 'trial', now), 'painter', now)).toBe(0);
  }
  expect(delays).toEqual([10, 20, 40, 60, 60]);
  expect(record.refusal?.since).toBe(start);
  expect(after(record, { outcome: 'used' }, now).refusal).toBeNull();
});

test('a cool-down is never shortened, except by the news that there is no quota', () => {
  const held = ['a', 'b', 'c', 'd'].reduce((record, id) => grantCall(record, id, start), fresh());
  const end = (record: KeyRecord, id: string, outcome: KeyOutcome): KeyRecord =>
    release(record, { id, model: 'painter' }, outcome, start);
  const cools = end(end(held, 'a', failed('RateLimited', 300_000)), 'b', failed('RateLimited', 1_000));
  expect(cools.models).toMatchObject([{ state: 'cooling', until: start + 300_000, strikes: 1 }]);
  expect(end(cools, 'c', { outcome: 'used' }).models).toEqual(cools.models);
  expect(end(cools, 'd', failed('QuotaUnavailable')).models).toMatchObject([
    { state: 'noQuota', until: start + 60_000 },
  ]);
});

test('rate limits in a row of one model do not lengthen the cool-down of another', () => {
  let record = fresh();
  let now = start;
  for (let limit = 0; limit < 3; limit += 1) {
    record = after(record, failed('RateLimited'), now);
    now = record.models[0]!.until;
  }
  const both = after(record, failed('RateLimited'), now, 'writer');
  expect(both.models.find(({ model }) => model === 'writer')).toMatchObject({ until: now + 5_000, strikes: 1 });
  expect(both.models.find(({ model }) => model === 'painter')).toMatchObject({ strikes: 3 });
});

test('an old call does not clear a refusal, nor does a refused old call extend it', () => {
  const held = grantCall(grantCall(grantCall(fresh(), 'a', start), 'b', start), 'c', start);
  const refused = release(held, { id: 'a', model: 'painter' }, failed('KeyRefused'), start);
  const twice = release(refused, { id: 'b', model: 'painter' }, failed('KeyRefused'), start + 1_000);
  expect(twice.refusal).toEqual(refused.refusal);
  expect(release(twice, { id: 'c', model: 'painter' }, { outcome: 'used' }, start + 2_000).refusal).not.toBeNull();
});

test('a killed trial can be repeated once its hold has lapsed', () => {
  const refused = after(fresh(), failed('KeyRefused'));
  const trying = grantCall(refused, 'killed', start + 600_000);
  expect(roomFor(trying, 'painter', start + 629_999)).toBe(0);
  expect(roomFor(trying, 'painter', start + 630_000)).toBe(1);
});

test.each(['ProviderUnavailable', 'AttemptTimeout'] as const)(
  'a trial that ends with %s shows nothing about the key',
  (code) => {
    const refused = after(fresh(), failed('KeyRefused'));
    const tried = after(refused, failed(code), start + 600_000);
    expect(tried.refusal).toEqual(refused.refusal);
    expect(roomFor(tried, 'painter', start + 600_000)).toBe(1);
  },
);

test('forgetting refusals leaves cool-downs alone', () => {
  const both = after(after(fresh(), failed('RateLimited', 90_000)), failed('PermissionDenied'), start + 1, 'writer');
  const refused = after(both, failed('KeyRefused'), start + 2, 'drawer');
  const forgotten = forgetRefusals(refused, start + 3);
  expect(forgotten.refusal).toBeNull();
  expect(forgotten.models.map(({ model }) => model)).toEqual(['painter']);
  expect(forgetRefusals(refused, start)).toBe(refused);
});

test('a record keeps at most 64 models', () => {
  let record = fresh(1_000, 1_000);
  for (let at = 0; at < 100; at += 1)
    record = after(record, failed('RateLimited', 60_000 + at), start, `m${at}`, `${at}`);
  expect(record.models).toHaveLength(64);
  expect(record.models.at(-1)!.model).toBe('m99');
});

test('an outage that no key can probe shows why, and until when', () => {
  const error = taskError('ProviderUnavailable', 'overloaded');
  const opened = afterOutage(healthy('painter'), { id: 'one', task: 'job/0' }, error, start);
  const confirmed = { ...opened, open: { ...opened.open!, probes: 1 } };
  const refused = after(fresh(), failed('KeyRefused'));
  const later = start + 300_000;
  const of = (keys: readonly KeyRecord[], health = opened) => block(keys, later, { health: () => health });
  expect(of([refused])).toMatchObject({ reason: 'KeysRefused', until: start + 600_000, confirmed: true });
  expect(of([refused], confirmed)).toMatchObject({ reason: 'ProviderOutage', until: start + 600_000, confirmed: true });
  expect(of([refused, fresh()])).toMatchObject({ reason: 'ProviderOutage', until: later, confirmed: false });
});
