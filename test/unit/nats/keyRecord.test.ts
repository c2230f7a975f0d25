// The arithmetic of a shared key: requests per minute by when they are sent, and requests in flight.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  again,
  callsLastMinute,
  emptyRecord,
  endHold,
  grant,
  holdFor,
  inFlight,
  renew,
  reportedInFlight,
  room,
  roomAt,
  stamp,
  type KeyRecord,
} from '../../../src/adapters/nats/keys/record.ts';

const start = 1_700_000_000_500;
const record = (requestsPerMinute: number, maxInFlight = 1_000): KeyRecord =>
  emptyRecord({ requestsPerMinute, maxInFlight }, start);
const times = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at));

/**
 * Plays steps of workers: each reserves a call, waits, and sends it (after a new stamp if a second has passed) or returns it.
 * Returns when the provider saw each request, up to a second after it was sent.
 */
function seenByProvider(
  limit: number,
  steps: readonly (readonly [gap: number, wait: number, way: number])[],
): number[] {
  let shared = record(limit);
  const seen: number[] = [];
  const plan: { at: number; run: (now: number) => void }[] = [];
  const send = (id: string, age: number, way: number, now: number): void => {
    const stamped = age < 1_000 ? shared : stamp(shared, id, now);
    if (stamped === undefined || way === 9) return void (shared = endHold(shared, id, true, now));
    shared = endHold(stamped, id, false, now);
    seen.push(now + way * 100);
  };
  const reserve = (id: string, wait: number, way: number, now: number): void => {
    if (room(shared, now) === 0) return;
    shared = grant(shared, id, now);
    const renewHold = (at: number): void => void (shared = renew(shared, [{ id, sent: false }], at));
    for (let due = 10_000; due < wait; due += 10_000) plan.push({ at: now + due, run: renewHold });
    plan.push({ at: now + wait, run: (at) => send(id, wait, way, at) });
  };
  let at = start;
  for (const [index, [gap, wait, way]] of steps.entries()) {
    plan.push({ at: (at += gap), run: (now) => reserve(String(index), wait, way, now) });
  }
  while (plan.length > 0) {
    plan.sort((one, other) => one.at - other.at);
    const next = plan.shift()!;
    next.run(next.at);
  }
  return seen.toSorted((one, other) => one - other);
}

test('the provider never sees more than the limit in any sixty seconds', () => {
  const wait = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 1_500 }), fc.integer({ min: 0, max: 200_000 }));
  const step = fc.tuple(fc.integer({ min: 0, max: 20_000 }), wait, fc.integer({ min: 0, max: 9 }));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.array(step, { minLength: 1, maxLength: 150 }), (limit, steps) => {
      const seen = seenByProvider(limit, steps);
      for (let at = 0; at + limit < seen.length; at += 1) {
        expect(seen[at + limit]! - seen[at]!).toBeGreaterThanOrEqual(60_000);
      }
    }),
  );
});

test('there is room at the reported time, and not before', () => {
  const gaps = fc.array(fc.tuple(fc.integer({ min: 0, max: 5_000 }), fc.boolean()), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), gaps, (limit, flights, steps) => {
      let [now, after] = [start, record(limit, flights)];
      steps.forEach(([gap, sends], index) => {
        now += gap;
        if (room(after, now) === 0) return;
        after = grant(after, String(index), now);
        if (sends) after = stamp(after, String(index), now)!;
      });
      const at = roomAt(after, now);
      expect(room(after, at)).toBeGreaterThan(0);
      if (at > now) expect(room(after, at - 1)).toBe(0);
    }),
  );
});

test('the whole limit can be used at once, and again a little more than a minute later', () => {
  const all = times(10).reduce((before, id) => endHold(grant(before, id, start), id, false, start), record(10));
  expect(room(all, start)).toBe(0);
  expect(roomAt(all, start) - start).toBeLessThanOrEqual(63_000);
  expect(room(all, roomAt(all, start))).toBe(10);
});

test('the same reservation twice counts once', () => {
  const once = grant(record(5), 'a', start);
  expect(grant(once, 'a', start + 10)).toEqual(once);
});

test('a reservation that is not sent counts however old it is, and moves to the second of its sending', () => {
  let held = grant(record(1), 'a', start);
  for (let at = start + 10_000; at <= start + 300_000; at += 10_000) held = renew(held, [{ id: 'a', sent: false }], at);
  expect(room(held, start + 300_000)).toBe(0);
  const sent = endHold(stamp(held, 'a', start + 300_000)!, 'a', false, start + 301_000);
  expect(room(sent, start + 359_000)).toBe(0);
  expect(room(sent, start + 364_000)).toBe(1);
});

test('a call that was sent long ago counts in flight only', () => {
  let held = stamp(grant(record(1, 2), 'a', start), 'a', start)!;
  for (let at = start + 10_000; at <= start + 90_000; at += 10_000) held = renew(held, [{ id: 'a', sent: true }], at);
  expect(room(held, start + 90_000)).toBe(1);
  expect(inFlight(held, start + 90_000)).toBe(1);
});

test('a request whose hold has lapsed is sent only if the limits allow one more', () => {
  const lapsed = grant(record(1), 'a', start);
  const other = grant(lapsed, 'b', start + 70_000);
  expect(stamp(other, 'a', start + 70_000)).toBeUndefined();
  expect(stamp(lapsed, 'a', start + 70_000)?.holds).toMatchObject([{ id: 'a', sent: true }]);
  // Its own first stamp still counts.
  expect(stamp(lapsed, 'a', start + 40_000)).toBeUndefined();
});

test('a second request of the same call counts once, and not beyond the limit', () => {
  const held = grant(record(2), 'a', start);
  const twice = again(held, 'a', 2, start + 10)!;
  expect(room(twice, start + 10)).toBe(0);
  expect(again(twice, 'a', 2, start + 20)).toBe(twice);
  expect(again(twice, 'a', 3, start + 20)).toBeUndefined();
});

test('an unused request counts neither in flight nor in the minute', () => {
  const after = endHold(grant(grant(record(2), 'a', start), 'b', start), 'b', true, start + 5);
  expect(room(after, start + 5)).toBe(1);
  expect(inFlight(after, start + 5)).toBe(1);
  // Returned twice, it is still one.
  expect(room(endHold(after, 'b', true, start + 6), start + 6)).toBe(1);
});

test("a killed worker's holds lapse, and its requests stay counted", () => {
  const held = grant(grant(record(10, 2), 'dead', start), 'alive', start);
  const renewed = renew(held, [{ id: 'alive', sent: true }], start + 20_000);
  expect(inFlight(renewed, start + holdFor - 1)).toBe(2);
  expect(inFlight(renewed, start + holdFor)).toBe(1);
  expect(roomAt(renewed, start + 25_000)).toBe(start + holdFor);
  const narrow = grant(record(1), 'dead', start);
  expect([room(narrow, start + 60_000), room(narrow, start + 64_000)]).toEqual([0, 1]);
});

test('calls count for a minute from the second in which they were sent, and unused ones not at all', () => {
  let shared = grant(grant(record(10), 'a', start), 'b', start + 400);
  expect(callsLastMinute(shared, start + 400)).toBe(2);
  shared = endHold(endHold(shared, 'b', true, start + 500), 'a', false, start + 500);
  expect(callsLastMinute(shared, start + 500)).toBe(1);
  shared = grant(shared, 'c', start + 30_000);
  expect(callsLastMinute(shared, start + 59_400)).toBe(2);
  expect(callsLastMinute(shared, start + 60_000)).toBe(1);
  shared = stamp(shared, 'c', start + 50_000)!;
  expect(callsLastMinute(again(shared, 'c', 2, start + 51_000)!, start + 109_000)).toBe(2);
  expect(callsLastMinute(shared, start + 110_000)).toBe(0);
});

test('a hold that missed its renewal is no longer shown, and still counts until it lapses', () => {
  const held = grant(grant(record(60), 'killed', start), 'alive', start);
  const renewed = renew(held, [{ id: 'alive', sent: true }], start + holdFor / 3);
  expect(reportedInFlight(renewed, start + holdFor / 3)).toBe(2);
  expect(reportedInFlight(renewed, start + 12_000)).toBe(1);
  expect(inFlight(renewed, start + holdFor - 1)).toBe(2);
});
