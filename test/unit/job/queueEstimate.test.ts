// When a queued task starts: by slots, rates, pauses and keys that are usable later; and how the lanes share a pool.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { laneWeights, servedMeanwhile, type WeightedLane } from '../../../src/job/lanes.ts';
import {
  estimateStart,
  requestsPerMinute,
  startedWithin,
  tasksBefore,
  type KeyCapacity,
  type QueueCapacity,
} from '../../../src/job/queueEstimate.ts';
import { PartTurns } from '../../../src/adapters/nats/queue/partTurns.ts';
import { start as now } from '../../fakes/tasks.ts';

const minute = 60_000;

const aKey = (over: Partial<KeyCapacity> = {}): KeyCapacity => ({
  usableAt: now,
  requestsPerMinute: 6,
  requestsLeft: 6,
  maxInFlight: 100,
  inFlight: 0,
  ...over,
});

const aPool = (over: Partial<QueueCapacity> = {}): QueueCapacity => ({
  opensAt: now,
  slots: 4,
  freeSlots: 4,
  attemptMs: 10_000,
  keys: [],
  ...over,
});

const waitOf = (ahead: number, pool: QueueCapacity): number | undefined => estimateStart(ahead, pool, now)?.wait;

describe('slots', () => {
  test('a task with a free slot for it and all before it starts at once', () => {
    expect(estimateStart(3, aPool(), now)).toEqual({ wait: 0, limit: null, atLeast: false });
  });

  test('further tasks wait for the ends of attempts: together if they start together, else evenly', () => {
    expect(estimateStart(4, aPool(), now)).toEqual({ wait: 10_000, limit: 'slots', atLeast: false });
    expect(waitOf(43, aPool())).toBe(100_000);
    expect(waitOf(0, aPool({ freeSlots: 0 }))).toBe(2_500);
  });

  test('without known attempts it starts at the earliest at once, or when the keys admit it', () => {
    expect(estimateStart(4, aPool({ attemptMs: null }), now)).toEqual({ wait: 0, limit: null, atLeast: true });
    expect(estimateStart(3, aPool({ attemptMs: null }), now)).toMatchObject({ atLeast: false });
    const keys = [aKey({ requestsPerMinute: 1, requestsLeft: 1 })];
    expect(estimateStart(10, aPool({ attemptMs: null, keys }), now)).toEqual({
      wait: 10 * minute,
      limit: 'rate',
      atLeast: true,
    });
  });

  test('without workers, nothing is known', () => {
    expect(estimateStart(0, aPool({ slots: 0, freeSlots: 0 }), now)).toBeUndefined();
  });
});

describe('keys', () => {
  test('admit what is left of their minute, and then their rate', () => {
    const keys = [aKey({ requestsLeft: 2 }), aKey({ requestsLeft: 1 })];
    const pool = aPool({ slots: 1_000, freeSlots: 1_000, keys });
    expect(waitOf(2, pool)).toBe(0);
    // Those that are in use come back evenly: nine in a minute.
    expect(estimateStart(3, pool, now)).toEqual({ wait: 6_667, limit: 'rate', atLeast: false });
    expect(waitOf(14, pool)).toBe(minute);
    expect(requestsPerMinute(keys)).toBe(12);
  });

  test('that cool down join when they are usable again, with a whole minute of requests', () => {
    const keys = [aKey({ requestsLeft: 0 }), aKey({ requestsPerMinute: 60, requestsLeft: 0, usableAt: now + minute })];
    const pool = aPool({ slots: 1_000, freeSlots: 1_000, keys });
    expect(waitOf(5, pool)).toBe(minute);
    expect(waitOf(4, pool)).toBe(50_000);
    expect(waitOf(65, pool)).toBe(minute);
    expect(waitOf(66 + 65, pool)).toBe(2 * minute);
  });

  test('that are never usable count for nothing', () => {
    const refused = aKey({ usableAt: Infinity });
    expect(estimateStart(0, aPool({ keys: [refused] }), now)).toBeUndefined();
    expect(waitOf(0, aPool({ keys: [refused, aKey()] }))).toBe(0);
    expect(requestsPerMinute([refused, aKey()])).toBe(6);
  });

  test('limit the slots by their calls in flight', () => {
    const keys = [aKey({ maxInFlight: 1, inFlight: 1, requestsPerMinute: 6_000, requestsLeft: 6_000 })];
    expect(waitOf(0, aPool({ keys }))).toBe(10_000);
  });
});

describe('the limit on running tasks of a tenant', () => {
  test('lets its tasks start as its running ones end, however many slots are free', () => {
    const limit = { limit: 2, running: 1, before: 0 };
    expect(waitOf(0, aPool({ limit }))).toBe(0);
    expect(estimateStart(0, aPool({ limit: { ...limit, before: 1 } }), now)).toEqual({
      wait: 10_000,
      limit: 'tenant',
      atLeast: false,
    });
    expect(waitOf(0, aPool({ limit: { ...limit, running: 2, before: 9 } }))).toBe(50_000);
    expect(waitOf(43, aPool({ limit }))).toBe(100_000);
    expect(estimateStart(0, aPool({ limit: { limit: 0, running: 0, before: 0 } }), now)).toBeUndefined();
  });
});

describe('a pause or block', () => {
  test('ends first: by then all attempts that run have ended', () => {
    const pool = aPool({ opensAt: now + 10 * minute, freeSlots: 0 });
    expect(estimateStart(0, pool, now)).toEqual({ wait: 10 * minute, limit: 'opening', atLeast: false });
    expect(waitOf(7, pool)).toBe(10 * minute + 10_000);
  });

  test('fills the minute of the keys', () => {
    const keys = [aKey({ requestsPerMinute: 2, requestsLeft: 0 })];
    const pool = aPool({ opensAt: now + 10 * minute, keys });
    expect(waitOf(1, pool)).toBe(10 * minute);
    expect(waitOf(3, pool)).toBe(11 * minute);
  });

  test('without a known end leaves the start unknown', () => {
    expect(estimateStart(0, aPool({ opensAt: Infinity }), now)).toBeUndefined();
  });
});

test('how many tasks of a job start in time', () => {
  const pool = aPool({ keys: [aKey({ requestsPerMinute: 1, requestsLeft: 1 })], slots: 100, freeSlots: 100 });
  const inTime = (limit: number, ahead: number, it = pool): number =>
    startedWithin(limit, 40, (task) => waitOf(ahead + task, it) ?? Infinity);
  expect(inTime(10 * minute, 0)).toBe(11);
  expect(inTime(10 * minute, 5)).toBe(6);
  expect(inTime(10 * minute, 50)).toBe(0);
  expect(inTime(60 * minute, 0)).toBe(40);
  expect(inTime(60 * minute, 0, aPool({ slots: 0 }))).toBe(0);
});

describe('properties', () => {
  const key = fc.record({
    usableAt: fc.oneof(
      fc.constant(now),
      fc.integer({ min: -5_000, max: 7_200_000 }).map((ms) => now + ms),
    ),
    requestsPerMinute: fc.integer({ min: 1, max: 600 }),
    requestsLeft: fc.integer({ min: 0, max: 600 }),
    maxInFlight: fc.integer({ min: 1, max: 64 }),
    inFlight: fc.integer({ min: 0, max: 64 }),
  });
  const pool = fc.record({
    opensAt: fc.oneof(
      fc.constant(now),
      fc.integer({ min: 0, max: 7_200_000 }).map((ms) => now + ms),
    ),
    slots: fc.integer({ min: 1, max: 200 }),
    freeSlots: fc.integer({ min: 0, max: 200 }),
    attemptMs: fc.option(fc.integer({ min: 1, max: 600_000 }), { nil: null }),
    keys: fc.array(key, { maxLength: 5 }),
  });
  const ahead = fc.integer({ min: 0, max: 20_000 });
  const check = <T>(property: fc.IProperty<T>): void => fc.assert(property, { numRuns: 1_000 });
  const notLater = (one: QueueCapacity, other: QueueCapacity, tasks: number): void =>
    expect(waitOf(tasks, one)!).toBeLessThanOrEqual(waitOf(tasks, other)! + 1e-6);

  test('a longer queue never starts a task earlier', () => {
    check(
      fc.property(pool, ahead, ahead, (it, tasks, more) => {
        expect(waitOf(tasks + more, it)!).toBeGreaterThanOrEqual(waitOf(tasks, it)!);
      }),
    );
  });

  test('more slots, shorter attempts, an earlier end of a pause: never later', () => {
    check(
      fc.property(pool, ahead, fc.integer({ min: 1, max: 100 }), (it, tasks, more) => {
        notLater({ ...it, slots: it.slots + more, freeSlots: it.freeSlots + more }, it, tasks);
        notLater({ ...it, opensAt: now }, it, tasks);
        if (it.attemptMs !== null) notLater({ ...it, attemptMs: it.attemptMs / (1 + more) }, it, tasks);
      }),
    );
  });

  test('a faster key, one that is usable earlier, or one more: never later', () => {
    check(
      fc.property(pool, key, ahead, fc.integer({ min: 1, max: 100 }), (it, extra, tasks, more) => {
        const keys = [...it.keys, extra];
        const slow = { ...it, keys };
        const withKey = (over: Partial<KeyCapacity>) => ({ ...it, keys: [...it.keys, { ...extra, ...over }] });
        notLater(withKey({ requestsPerMinute: extra.requestsPerMinute + more }), slow, tasks);
        notLater(withKey({ requestsLeft: extra.requestsLeft + more }), slow, tasks);
        notLater(withKey({ usableAt: Math.min(now, extra.usableAt) }), slow, tasks);
        // The first key turns "needs no keys" into limits.
        if (it.keys.length > 0) notLater(slow, it, tasks);
      }),
    );
  });

  test('is finite, not negative, and 0 for a pool that is idle', () => {
    check(
      fc.property(pool, ahead, (it, tasks) => {
        const wait = waitOf(tasks, it)!;
        expect(wait).toBeGreaterThanOrEqual(Math.max(0, it.opensAt - now));
        expect(Number.isFinite(wait)).toBe(true);
        const idle = { ...it, opensAt: now, freeSlots: it.slots, keys: it.keys.map(() => aKey()) };
        expect(waitOf(Math.min(idle.slots, idle.keys.length === 0 ? 1e9 : 6) - 1, idle)).toBe(0);
      }),
    );
  });

  test('counts the tasks that start in time like the estimates of each', () => {
    check(
      fc.property(
        pool,
        fc.integer({ min: 0, max: 500 }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 0, max: 7_200_000 }),
        (it, tasks, own, limit) => {
          const inTime = Array.from({ length: own }, (_, at) => waitOf(tasks + at, it)!).filter(
            (wait) => wait <= limit,
          );
          expect(startedWithin(limit, own, (at) => waitOf(tasks + at, it)!)).toBe(inTime.length);
        },
      ),
    );
  });
});

describe('lanes', () => {
  const lengths = { again: 2, high: 100, normal: 100, low: 100, guest: 0 };

  test('requeued tasks come first, then the lanes by weight', () => {
    expect(tasksBefore('again', { again: 1, lane: 0 }, lengths)).toBe(1);
    expect(tasksBefore('normal', { again: 2, lane: 9 }, lengths)).toBe(2 + 9 + 20 + 3);
    expect(tasksBefore('low', { again: 2, lane: 0 }, lengths)).toBe(2 + 6 + 3);
    expect(tasksBefore('high', { again: 0, lane: 0 }, lengths)).toBe(0);
    expect(tasksBefore('low', { again: 0, lane: 99 }, lengths)).toBe(99 + 100 + 100);
  });

  test('the estimate follows the shares that workers take, within a round', () => {
    const weighted = Object.keys(laneWeights) as WeightedLane[];
    check(
      fc.property(
        fc.constantFrom(...weighted),
        fc.integer({ min: 0, max: 200 }),
        fc.record({ high: fc.nat(300), normal: fc.nat(300), low: fc.nat(300), guest: fc.nat(300) }),
        (lane, before, queued) => {
          const others = weighted.filter((other) => other !== lane);
          const lines = others.map((other) => ({ queued: queued[other], weight: laneWeights[other] }));
          const served = servedBefore(lane, before, queued);
          expect(Math.abs(served - servedMeanwhile(before, laneWeights[lane], lines))).toBeLessThanOrEqual(13);
        },
      ),
    );
  });

  /** How many tasks of other lanes workers take before the one with `before` tasks ahead of it. */
  function servedBefore(lane: WeightedLane, before: number, queued: Readonly<Record<WeightedLane, number>>): number {
    const left = { ...queued, [lane]: before + 1 };
    const turns = new PartTurns();
    let others = 0;
    while (left[lane] > 0) {
      const present = (Object.keys(left) as WeightedLane[]).filter((one) => left[one] > 0);
      const [next] = [
        ...turns
          .allot(
            present.map((one) => ({ lane: one, weight: 1 })),
            1,
          )
          .keys(),
      ];
      left[next!.lane] -= 1;
      if (next!.lane !== lane) others += 1;
    }
    return others;
  }

  const check = <T>(property: fc.IProperty<T>): void => fc.assert(property, { numRuns: 200 });
});
