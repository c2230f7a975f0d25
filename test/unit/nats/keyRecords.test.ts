// The records of the key ring as JSON, in both directions between versions; and the sums of spending.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { healthCodec, keyCodec, spendingCodec, tenantsCodec } from '../../../src/adapters/nats/keys/codec.ts';
import { afterOutage, healthy, startProbe } from '../../../src/adapters/nats/keys/health.ts';
import { boundedRetryAfter } from '../../../src/job/retryAfter.ts';
import { emptyRecord } from '../../../src/adapters/nats/keys/record.ts';
import { grantCall, release } from '../../../src/adapters/nats/keys/setbacks.ts';
import {
  addToPool,
  addToTenant,
  budgetBlock,
  nothingSpent,
  spendingOf,
  type TenantsRecord,
} from '../../../src/adapters/nats/keys/spending.ts';
import { taskError } from '../../../src/job/errors/index.ts';

const start = 1_700_000_000_500;
const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const noon = Date.UTC(2026, 10, 30, 12);
const day = 86_400_000;

test('each kind of record is read back as it was written', () => {
  const error = taskError('KeyRefused', 'suspended', { provider: { status: 403, code: 'CONSUMER_SUSPENDED' } });
  const limited = taskError('RateLimited', 'slow down', { provider: { status: 429 } });
  let key = grantCall(emptyRecord({ requestsPerMinute: 3, maxInFlight: 4 }, start), 'a', start);
  key = release(
    grantCall(key, 'b', start),
    { id: 'b', model: 'painter' },
    { outcome: 'failed', error: limited },
    start,
  );
  key = release(grantCall(key, 'c', start), { id: 'c', model: 'painter' }, { outcome: 'failed', error }, start);
  expect(keyCodec.decode(json(keyCodec.encode(key)), start)).toEqual(key);
  const open = afterOutage(healthy('painter'), { id: 'a', task: 'j/0' }, taskError('ProviderUnreachable', 'no'), start);
  const probing = startProbe(open, { id: 'p', task: 'j/1' }, start + 2_000, 30_000);
  expect(healthCodec.decode(json(healthCodec.encode(probing)), start)).toEqual(probing);
  const pool = addToPool(nothingSpent({ pool: { day: 5 }, tenant: { month: 2 } }, start), 0.25, start);
  expect(spendingCodec.decode(json(spendingCodec.encode(pool)), start)).toEqual(pool);
  const tenants = addToTenant({ tenants: [] }, '__proto__', 0.25, start);
  expect(tenantsCodec.decode(json(tenantsCodec.encode(tenants)), start)).toEqual(tenants);
});

test('an earlier version finds all its fields, and its records are read', () => {
  const refused = release(
    grantCall(emptyRecord({ requestsPerMinute: 3, maxInFlight: 4 }, start), 'a', start),
    { id: 'a', model: 'painter' },
    { outcome: 'failed', error: taskError('KeyRefused', 'no') },
    start,
  );
  const written = json(keyCodec.encode(refused)) as Record<string, unknown>;
  expect(written).toMatchObject({ strikes: 0, coolUntil: 0, refusedUntil: start + 600_000, cause: 'KeyRefused' });
  const before = Object.fromEntries(
    Object.entries(written).filter(([field]) => field !== 'models' && field !== 'refusal'),
  );
  const read = keyCodec.decode(before, start);
  expect(read).toMatchObject({ models: [], refusal: { until: start + 600_000, cause: 'KeyRefused', strikes: 1 } });
  const holds = [{ id: 'x', until: start + 5_000, second: 1_700_000_000 }];
  expect(keyCodec.decode({ ...before, holds, refusedUntil: 0 }, start)).toMatchObject({
    refusal: null,
    holds: [{ id: 'x', sent: true, requests: 1 }],
  });
});

test('no time that is read is more than an hour ahead, so that every one can be shown', () => {
  const before = keyCodec.encode(emptyRecord({ requestsPerMinute: 3, maxInFlight: 4 }, start));
  const absurd = { ...before, coolUntil: 9.2e18, refusedUntil: 9.2e18, refusal: undefined, seenAt: 9.2e18 };
  const read = keyCodec.decode(json(absurd), start)!;
  for (const time of [read.coolUntil, read.refusal!.until, read.seenAt]) expect(time).toBe(start + 3_600_000);
});

test('anything else is no record', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      for (const codec of [keyCodec, healthCodec, spendingCodec, tenantsCodec]) {
        expect(() => codec.decode(value, start)).not.toThrow();
      }
      expect(keyCodec.decode(value, start)).toBeUndefined();
    }),
  );
  const coolUntil = Number.NaN;
  expect(keyCodec.decode({ ...emptyRecord({ requestsPerMinute: 1, maxInFlight: 1 }, start), coolUntil }, start)).toBe(
    undefined,
  );
});

test.each([
  [undefined, undefined],
  [0, undefined],
  [-1, undefined],
  [Number.NaN, undefined],
  [-Infinity, undefined],
  [0.5, 1_000],
  [12_500.2, 12_501],
  [3_600_001, 3_600_000],
  [2 ** 73, 3_600_000],
  [Infinity, 3_600_000],
])('a delay of %s ms is heeded as %s', (asked, heeded) => {
  expect(boundedRetryAfter(asked)).toBe(heeded);
});

test('sums of decimal costs are exact, per day and month of UTC', () => {
  let pool = nothingSpent({}, noon);
  for (let call = 0; call < 1_000; call += 1) pool = addToPool(pool, 0.001, noon);
  expect(pool).toMatchObject({ today: 1, month: 1 });
  // A worker whose clock is a little behind midnight does not start the old day again.
  pool = addToPool(pool, 0.5, noon + day / 2);
  pool = addToPool(pool, 0.25, noon + day / 2 - 50);
  expect(pool).toMatchObject({ date: '2026-12-01', today: 0.75, month: 0.75 });
  pool = addToPool(pool, 1, noon + day * 1.5);
  expect(pool).toMatchObject({ date: '2026-12-02', today: 1, month: 1.75 });
});

test('what blocks is the budget that lasts longest, and a tenant that spent nothing this month is forgotten', () => {
  let tenants: TenantsRecord = { tenants: [] };
  for (const name of ['acme', 'other']) tenants = addToTenant(tenants, name, 3, noon);
  const pool = addToPool(nothingSpent({ tenant: { day: 2, month: 3 } }, noon), 6, noon);
  const acme = tenants.tenants.find(({ tenant }) => tenant === 'acme');
  expect(budgetBlock(pool, acme, noon)?.until).toBe(Date.UTC(2026, 11, 1));
  expect(budgetBlock(pool, undefined, noon)).toBeUndefined();
  const later = addToTenant(tenants, 'third', 1, noon + day);
  expect(later.tenants.map(({ tenant }) => tenant)).toEqual(['third']);
  expect(spendingOf(pool, later.tenants, noon + day).map(({ tenant }) => tenant)).toEqual([null, 'third']);
  expect(budgetBlock(pool, acme, noon + day)).toBeUndefined();
});
