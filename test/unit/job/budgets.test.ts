// The three budgets of a run: every open state has an end, the time in a state is charged once, and nothing grows.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { budgetsAfter, dueAt, fullBudgets, latestEnd } from '../../../src/job/budgets.ts';
import { openStates, type OpenTask } from '../../../src/job/task.ts';
import { claimed, requeued, submitted, toReview, waiting } from '../../../src/job/transitions.ts';
import { arbitraryIdentity, everyState, identity, openTasks, runningTask, start } from '../../fakes/tasks.ts';

const spends = { queued: 'queue', running: 'run', waiting: 'run', needs_review: 'review' } as const;
const elapsed = fc.integer({ min: -5_000, max: 200_000_000 });

test('a new run has the whole of what the policy gives', () => {
  const { policy } = identity({ policy: { queueTimeout: 1_000, runTimeout: 2_000, reviewTimeout: 3_000 } });
  expect(fullBudgets(policy)).toEqual({ queue: 1_000, run: 2_000, review: 3_000 });
});

test('every open state must change by a finite moment, never past the deadline', () => {
  fc.assert(
    fc.property(arbitraryIdentity, (of) => {
      expect(openTasks(of).map((task) => task.state)).toEqual([...openStates].sort(byOrder));
      for (const task of openTasks(of)) {
        expect(Number.isSafeInteger(task.dueAt)).toBe(true);
        expect(task.dueAt).toBeLessThanOrEqual(of.deadline ?? Infinity);
        expect(task.dueAt).toBeLessThanOrEqual(task.since + task.budgets[spends[task.state]]);
      }
    }),
  );
});

test('an attempt ends no later than its own timeout', () => {
  const of = identity({ policy: { attemptTimeout: 1_000, runTimeout: 60_000 } });
  expect(runningTask(of).dueAt).toBe(start + 1_000);
  expect(dueAt('running', of, { queue: 0, run: 300, review: 0 }, start)).toBe(start + 300);
});

describe('time spent', () => {
  test('is charged to exactly one budget, and no budget grows or goes below nothing', () => {
    fc.assert(
      fc.property(arbitraryIdentity, elapsed, (of, time) => {
        for (const task of openTasks(of)) {
          const after = budgetsAfter(task, start + time);
          for (const budget of ['queue', 'run', 'review'] as const) {
            const spent = budget === spends[task.state] ? Math.max(0, time) : 0;
            expect(after[budget]).toBe(Math.max(0, task.budgets[budget] - spent));
          }
        }
      }),
    );
  });

  test('is not charged in a terminal state', () => {
    for (const task of everyState().filter(({ state }) => state === 'succeeded' || state === 'failed'))
      expect(budgetsAfter(task, start + 10_000)).toEqual(task.budgets);
  });

  test('adds up over the states of a run', () => {
    const of = identity({
      policy: { queueTimeout: 10_000, runTimeout: 10_000, reviewTimeout: 10_000, maxAttempts: 9 },
    });
    const first = claimed(submitted(of), 'w', 1, start + 1_000);
    const wait = waiting(first, 'ProviderError', start + 3_500, start + 3_000);
    const again = requeued(wait, 'RetryDue', 'counts', start + 3_500);
    const second = claimed(again, 'w', 9, start + 5_000);
    const review = toReview(second, start + 6_000);
    expect(review.budgets).toEqual({
      queue: 10_000 - 1_000 - 1_500,
      run: 10_000 - 2_000 - 500 - 1_000,
      review: 10_000,
    });
    expect(budgetsAfter(review, start + 7_000).review).toBe(9_000);
  });
});

describe('latestEnd', () => {
  test('is never before dueAt and never past the deadline', () => {
    fc.assert(
      fc.property(arbitraryIdentity, (of) => {
        for (const task of openTasks(of)) {
          expect(latestEnd(task)).toBeGreaterThanOrEqual(task.dueAt);
          expect(latestEnd(task)).toBeLessThanOrEqual(of.deadline ?? Infinity);
        }
      }),
    );
  });

  test('counts the review only where there can be one, and nothing else once it has begun', () => {
    const policy = { queueTimeout: 1_000, runTimeout: 2_000, reviewTimeout: 4_000 };
    const ends = (review: 'never' | 'always') =>
      Object.fromEntries(
        openTasks(identity({ policy: { ...policy, review } })).map((task) => [task.state, endOf(task)]),
      );
    expect(ends('never')).toMatchObject({ queued: 3_000, running: 3_000, needs_review: 4_000 });
    expect(ends('always')).toMatchObject({ queued: 7_000, running: 7_000, needs_review: 4_000 });
  });
});

const endOf = (task: OpenTask) => latestEnd(task) - start;

function byOrder(one: string, two: string): number {
  const order = ['queued', 'running', 'waiting', 'needs_review'];
  return order.indexOf(one) - order.indexOf(two);
}
