// The semaphore that shares memory: never over its capacity, in order, no lost wake-up.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WeightedSemaphore, type Release } from '../../../src/async/weightedSemaphore.ts';

const never = new AbortController().signal;

test('a large weight is not overtaken by small ones that would fit', async () => {
  const semaphore = new WeightedSemaphore(10);
  const first = await semaphore.acquire(6, never);
  const order: string[] = [];
  const large = semaphore.acquire(10, never).then((release) => [order.push('large'), release()]);
  const small = semaphore.acquire(1, never).then(() => order.push('small'));
  expect(semaphore.tryAcquire(1)).toBeUndefined();
  expect(semaphore.waiting).toBe(2);
  first();
  await Promise.all([large, small]);
  expect(order).toEqual(['large', 'small']);
  expect(semaphore.used).toBe(1);
});

test('a weight above the capacity is alone', async () => {
  const semaphore = new WeightedSemaphore(10);
  const alone = await semaphore.acquire(Infinity, never);
  expect(semaphore.free).toBe(0);
  expect(semaphore.tryAcquire(1)).toBeUndefined();
  alone();
  alone();
  expect(semaphore.free).toBe(10);
});

test('an abort leaves the line, and lets those behind it in', async () => {
  const semaphore = new WeightedSemaphore(10);
  await semaphore.acquire(5, never);
  const leaving = new AbortController();
  const large = semaphore.acquire(10, leaving.signal);
  const small = semaphore.acquire(5, never);
  leaving.abort(new Error('gone'));
  await expect(large).rejects.toThrow('gone');
  await small;
  expect([semaphore.used, semaphore.waiting]).toEqual([10, 0]);
  await expect(semaphore.acquire(1, leaving.signal)).rejects.toThrow('gone');
});

test('one that only waits until a weight is free takes nothing of it', async () => {
  const semaphore = new WeightedSemaphore(10);
  await semaphore.untilFree(10, never);
  const first = semaphore.tryAcquire(10)!;
  const looking = semaphore.untilFree(4, never);
  const taking = semaphore.acquire(10, never);
  expect(semaphore.waiting).toBe(2);
  first();
  expect([semaphore.used, semaphore.waiting]).toEqual([10, 0]);
  await Promise.all([looking, taking]);
});

type Step = { does: 'acquire'; weight: number } | { does: 'release' | 'abort'; which: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ does: fc.constant('acquire' as const), weight: fc.integer({ min: 0, max: 15 }) }),
  fc.record({ does: fc.constantFrom('release' as const, 'abort' as const), which: fc.nat(20) }),
);

interface User {
  readonly number: number;
  readonly abort: AbortController;
  release: Release | undefined;
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('in any order of calls: never over capacity, first come first served, and everybody gets in', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const semaphore = new WeightedSemaphore(10);
      const users: User[] = [];
      const admitted: number[] = [];
      for (const one of steps) {
        if (one.does === 'acquire') {
          const user: User = { number: users.length, abort: new AbortController(), release: undefined };
          users.push(user);
          void semaphore.acquire(one.weight, user.abort.signal).then(
            (release) => {
              user.release = release;
              admitted.push(user.number);
            },
            () => undefined,
          );
        } else if (one.does === 'release') users[one.which % users.length]?.release?.();
        else users[one.which % users.length]?.abort.abort();
        await settled();
        expect(semaphore.used).toBeLessThanOrEqual(10);
        expect(semaphore.free).toBeGreaterThanOrEqual(0);
      }
      for (let round = 0; round <= users.length; round += 1) {
        for (const user of users) user.release?.();
        await settled();
      }
      expect([semaphore.used, semaphore.waiting]).toEqual([0, 0]);
      expect(admitted).toEqual(admitted.toSorted((a, b) => a - b));
      const waited = users.filter(({ abort }) => !abort.signal.aborted);
      expect(waited.every(({ release }) => release !== undefined)).toBe(true);
    }),
    { numRuns: 300 },
  );
});
