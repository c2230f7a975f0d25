// Which tasks run alone because they may be what kills their workers.
import { expect, test } from 'vitest';
import { afterLoss } from '../../../src/job/retryOrFail.ts';
import { isSuspect } from '../../../src/job/suspect.ts';
import { taskError } from '../../../src/job/errors/index.ts';
import { claimed } from '../../../src/job/transitions.ts';
import fc from 'fast-check';
import { identity, queuedTask, start } from '../../fakes/tasks.ts';

const lost = (attemptsLost: number, attempt: number, policy = {}) => ({
  ...queuedTask({ policy }),
  attempt,
  attemptsLost,
});

test('with the default policy, a task that lost its worker twice', () => {
  expect(isSuspect(lost(0, 2))).toBe(false);
  expect(isSuspect(lost(1, 1))).toBe(false);
  expect(isSuspect(lost(2, 2))).toBe(true);
});

test('a task that would fail at its next loss, by either limit', () => {
  expect(isSuspect(lost(1, 1, { maxLostAttempts: 2 }))).toBe(true);
  expect(isSuspect(lost(1, 1, { maxAttempts: 2 }))).toBe(true);
  expect(isSuspect(lost(1, 2, { maxAttempts: 3 }))).toBe(true);
  expect(isSuspect(lost(1, 1, { maxAttempts: 9, maxLostAttempts: 9 }))).toBe(false);
  expect(isSuspect(lost(2, 2, { maxAttempts: 9, maxLostAttempts: 9 }))).toBe(true);
});

test('no first loss makes a task fail beside others, unless its policy allows no loss or one attempt', () => {
  const anything = fc.record({
    maxAttempts: fc.integer({ min: 2, max: 20 }),
    maxLostAttempts: fc.integer({ min: 2, max: 20 }),
    attemptsLost: fc.integer({ min: 1, max: 19 }),
    failures: fc.integer({ min: 0, max: 19 }),
  });
  fc.assert(
    fc.property(anything, ({ maxAttempts, maxLostAttempts, attemptsLost, failures }) => {
      const queued = lost(attemptsLost, attemptsLost + failures, { maxAttempts, maxLostAttempts });
      fc.pre(queued.attempt < maxAttempts && attemptsLost < maxLostAttempts);
      const after = afterLoss(claimed(queued, 'w', 1, start), taskError('WorkerLost', 'gone'), start + 1);
      // What fails at a loss ran alone.
      if (after.state.state === 'failed') expect(isSuspect(queued)).toBe(true);
    }),
  );
  expect(identity().policy).toMatchObject({ maxAttempts: 3, maxLostAttempts: 3 });
});
