// The arithmetic of a shared key: requests per minute, holds, cool-downs.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  emptyRecord,
  grant,
  holdFor,
  inFlight,
  readRecord,
  readyAt,
  release,
  renew,
  room,
  stateOf,
  type KeyRecord,
} from '../../../src/adapters/nats/keys/record.ts';
import { taskError } from '../../../src/job/errors/index.ts';

const start = 1_700_000_000_500;
const used = { outcome: 'used' } as const;
const unused = { outcome: 'unused' } as const;

const record = (requestsPerMinute: number, maxInFlight = 1_000): KeyRecord =>
  emptyRecord({ requestsPerMinute, maxInFlight }, start);

/** Takes and releases a request at each of these times that the key grants; returns the times of the grants. */
function grantsAt(before: KeyRecord, moments: readonly number[]): number[] {
  let after = before;
  return moments.filter((now, index) => {
    if (room(after, now) === 0) return false;
    after = release(grant(after, String(index), now), String(index), used, now);
    return true;
  });
}

test('never grants more than the limit in any sixty seconds', () => {
  const steps = fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), steps, (limit, gaps) => {
      let now = start;
      const granted = grantsAt(
        record(limit),
        gaps.map((gap) => (now += gap)),
      );
      for (let at = 0; at + limit < granted.length; at += 1) {
        expect(granted[at + limit]! - granted[at]!).toBeGreaterThanOrEqual(60_000);
      }
    }),
  );
});

test('there is room at the reported time, and not before', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), gaps, (limit, flights, times) => {
      let [now, after] = [start, record(limit, flights)];
      times.forEach((gap, index) => {
        now += gap;
        if (room(after, now) > 0) after = grant(after, String(index), now);
      });
      const at = readyAt(after, now);
      expect(room(after, at)).toBeGreaterThan(0);
      if (at > now) expect(room(after, at - 1)).toBe(0);
    }),
  );
});

test('the whole limit can be used at once, and again a minute later', () => {
  const burst = Array.from({ length: 15 }, () => start);
  const later = Array.from({ length: 15 }, () => start + 61_000);
  expect(grantsAt(record(10), [...burst, ...later])).toHaveLength(20);
});

test('the same grant twice counts once', () => {
  const once = grant(record(5), 'a', start);
  expect(grant(once, 'a', start + 10)).toEqual(once);
});

test('an unused request counts neither in flight nor in the minute', () => {
  const after = release(grant(grant(record(2), 'a', start), 'b', start), 'b', unused, start + 5);
  expect(room(after, start + 5)).toBe(1);
  expect(inFlight(after, start + 5)).toBe(1);
  // Given back twice, it is still one.
  expect(room(release(after, 'b', unused, start + 6), start + 6)).toBe(1);
});

test('a hold lapses unless it is renewed', () => {
  const held = grant(grant(record(10, 2), 'dead', start), 'alive', start);
  const renewed = renew(held, ['alive'], start + 20_000);
  expect(inFlight(renewed, start + holdFor - 1)).toBe(2);
  expect(inFlight(renewed, start + holdFor)).toBe(1);
  expect(readyAt(renewed, start + 25_000)).toBe(start + holdFor);
  expect(room(renewed, start + holdFor)).toBe(1);
});

test('calls that started before the cool-down neither extend nor end it', () => {
  const limited = { outcome: 'failed', error: taskError('RateLimited', 'too many') } as const;
  let after = ['a', 'b', 'c'].reduce((before, id) => grant(before, id, start), record(10));
  after = release(after, 'a', limited, start);
  after = release(after, 'b', limited, start);
  after = release(after, 'c', used, start + 1);
  expect(after).toMatchObject({ coolUntil: start + 5_000, strikes: 1 });
});

test('a cool-down is never shortened', () => {
  const failure = (retryAfter: number) =>
    ({ outcome: 'failed', error: taskError('RateLimited', 'too many', { retryAfter }) }) as const;
  const after = release(release(record(10), 'a', failure(30_000), start), 'b', failure(1_000), start);
  expect(after.coolUntil).toBe(start + 30_000);
});

test('a refused key may be tried again after ten minutes', () => {
  const refused = { outcome: 'failed', error: taskError('KeyRefused', 'who are you') } as const;
  const after = release(grant(record(10), 'a', start), 'a', refused, start);
  expect(stateOf('front', 'f', after, start)).toMatchObject({ state: 'refused', cause: 'KeyRefused' });
  expect(readyAt(after, start)).toBe(start + 600_000);
  expect(stateOf('front', 'f', after, start + 600_000)).toMatchObject({ state: 'ready', cause: null });
});

test('reads back what it wrote; anything else is undefined', () => {
  const some = grant(record(3), 'a', start);
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  expect(readRecord(bytes(JSON.stringify(some)))).toEqual(some);
  for (const garbage of ['', '{}', 'null', '{"grants": 1}']) expect(readRecord(bytes(garbage))).toBeUndefined();
});
