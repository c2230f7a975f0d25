// The policy of a task: defaults, whose word counts, and the backoff.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backoffCeiling, fullJitter } from '../../../src/job/backoff.ts';
import { policyFor, timeForAllAttempts } from '../../../src/job/policy.ts';
import { arbitraryPolicy } from '../../fakes/tasks.ts';

describe('policyFor', () => {
  test('has the documented defaults', () => {
    expect(policyFor('image')).toEqual({
      attemptTimeout: 90_000,
      runTimeout: 300_000,
      queueTimeout: 86_400_000,
      reviewTimeout: 86_400_000,
      maxAttempts: 3,
      maxLostAttempts: 3,
      review: 'never',
      backoff: { first: 1_000, cap: 30_000 },
    });
    expect(policyFor('text').attemptTimeout).toBe(120_000);
  });

  test('a run lasts five minutes, or long enough for all its attempts', () => {
    expect(policyFor('text').runTimeout).toBe(3 * 121_000 + 1_000 + 2_000);
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 3_600_000 }),
        fc.integer({ min: 1, max: 20 }),
        (attemptTimeout, maxAttempts) => {
          const policy = policyFor('image', { attemptTimeout, maxAttempts });
          expect(policy.runTimeout).toBeGreaterThanOrEqual(300_000);
          expect(policy.runTimeout).toBeGreaterThanOrEqual(
            timeForAllAttempts(attemptTimeout, maxAttempts, policy.backoff),
          );
        },
      ),
    );
  });

  test("requested values take precedence over the pool's defaults, which take precedence over the general ones", () => {
    const pool = { maxAttempts: 5, attemptTimeout: 10_000, backoff: { first: 7 } };
    const policy = policyFor('image', { maxAttempts: 2, backoff: { cap: 9 } }, pool);
    expect(policy).toMatchObject({ maxAttempts: 2, attemptTimeout: 10_000, backoff: { first: 7, cap: 9 } });
  });

  test('a value that is present but undefined says nothing', () => {
    const nothing = { maxAttempts: undefined, backoff: { first: undefined } } as unknown as { maxAttempts: number };
    expect(policyFor('image', nothing, { maxAttempts: 5, backoff: { first: 7 } })).toEqual(
      policyFor('image', {}, { maxAttempts: 5, backoff: { first: 7 } }),
    );
  });
});

describe('backoff', () => {
  test('is exponential up to its cap', () => {
    const backoff = { first: 1_000, cap: 30_000 };
    expect([1, 2, 3, 4, 5, 6, 20].map((attempt) => backoffCeiling(attempt, backoff))).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
    ]);
  });

  test('has full jitter: anything from 0 to the ceiling, both reached', () => {
    fc.assert(
      fc.property(
        arbitraryPolicy,
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        ({ backoff }, attempt, random) => {
          const delay = fullJitter(attempt, backoff, random);
          expect(delay).toBeGreaterThanOrEqual(0);
          expect(delay).toBeLessThanOrEqual(backoffCeiling(attempt, backoff));
          expect(fullJitter(attempt, backoff, 0)).toBe(0);
          expect(fullJitter(attempt, backoff, 1 - 2 ** -53)).toBe(backoffCeiling(attempt, backoff));
        },
      ),
    );
  });
});
