// The rules of a task that waits for others: when it is queued, when it fails, and when it waits longer.

import { describe, expect, test } from 'vitest';
import { latestEnd } from '../../../../src/job/budgets.ts';
import { decide } from '../../../../src/job/rules/decide.ts';
import type { World } from '../../../../src/job/rules/rule.ts';
import type { TaskState } from '../../../../src/job/task.ts';
import {
  cancelled,
  deleted,
  failed,
  newRun,
  submittedHeld,
  succeeded,
  toReview,
} from '../../../../src/job/transitions.ts';
import { identity, queuedTask, runningTask, start } from '../../../fakes/tasks.ts';

const calm: World = {
  worker: () => undefined,
  heartbeatTimeout: 6_000,
  outage: true,
  grace: 0,
  block: () => undefined,
};
const policy = { queueTimeout: 1_000, runTimeout: 10_000, attemptTimeout: 4_000, reviewTimeout: 2_000 };
const child = identity({ policy, task: 2, total: 3, after: [0, 1], name: 'collage' });
const held = submittedHeld(child, start + 11_000);
const first = identity({ policy, task: 0, total: 3, name: 'storyboard' });
const second = identity({ policy, task: 1, total: 3 });
const done = succeeded(runningTask(first), start + 500);
const alsoDone = succeeded(runningTask(second), start + 600);
const running = runningTask(second);

const say = (parents: readonly (TaskState | undefined)[], after = 0, task = held, world = calm) =>
  decide({ task, seenFor: 0, parents }, world, start + after, 0.5);

describe('a task that waits for others', () => {
  test('is queued in the lane of its priority once all have succeeded, with its whole budgets', () => {
    const verdict = say([done, alsoDone], 700);
    expect(verdict).toMatchObject({ do: 'write', rule: 'DependenciesMet' });
    expect(verdict).toMatchObject({
      message: 'Queued: task 0 (storyboard) and 1 more have succeeded',
      state: {
        state: 'queued',
        lane: 'normal',
        reason: 'DependenciesMet',
        run: 1,
        since: start + 700,
        queuedAt: start + 700,
        budgets: { queue: 1_000, run: 10_000, review: 2_000 },
        dueAt: start + 1_700,
      },
    });
  });

  test.each([
    ['one still runs', [done, running]],
    ['one is queued', [queuedTask(first), alsoDone]],
    ['one is in review', [toReview(runningTask(first), start), alsoDone]],
    ['one is not known', [undefined, alsoDone]],
  ])('waits while %s', (_, parents) => {
    expect(say(parents, 1_000)).toEqual({ do: 'nothing', checkAgainAt: start + 12_000 });
  });

  test.each([
    ['failed', failed(runningTask(first), 'PromptRefused', start), 'failed with PromptRefused'],
    ['was cancelled', cancelled(queuedTask(first), start), 'was cancelled'],
    ['was deleted', deleted(done, start), 'was deleted'],
  ])('fails at once if one %s, even while others run', (_, parent, words) => {
    const verdict = say([parent, running], 1);
    const message = `It waits for task 0 (storyboard), which ${words}`;
    expect(verdict).toMatchObject({
      rule: 'DependencyFailed',
      message,
      state: { state: 'failed', reason: 'DependencyFailed', worker: null },
      error: { code: 'DependencyFailed', retryable: false, message },
    });
  });

  test('names one and counts the others', () => {
    const verdict = say([failed(runningTask(first), 'RunTimeout', start), cancelled(queuedTask(second), start)]);
    expect(verdict).toMatchObject({
      message:
        'It waits for task 0 (storyboard), which failed with RunTimeout, and 1 other that it waits for did not succeed',
    });
  });

  test('waits longer, by one write, if a tweak gave one of them more time', () => {
    const tweaked = newRun(toReview(runningTask(first), start), 'Tweaked', start + 9_000);
    const verdict = say([tweaked, alsoDone], 12_000);
    expect(verdict).toMatchObject({
      rule: 'DependencyExtended',
      message: 'It waits longer for task 0 (storyboard), which has more time since its run 2',
      state: { ...held, dueAt: latestEnd(tweaked) },
    });
  });

  test('never waits longer than its own budgets allow before the job expires', () => {
    const soon = submittedHeld({ ...child, expiresAt: start + 24_000 }, start + 11_000);
    const tweaked = newRun(toReview(runningTask(first), start), 'Tweaked', start + 9_000);
    expect(say([tweaked, alsoDone], 12_000, soon)).toMatchObject({ state: { dueAt: start + 13_000 } });
    expect(say([tweaked, alsoDone], 13_000, { ...soon, dueAt: start + 12_000 })).toMatchObject({
      rule: 'DependencyTimeout',
    });
  });

  test('fails a second after its time if one that must have ended has not', () => {
    const stale = runningTask(second);
    expect(say([done, stale], 11_999)).toMatchObject({ do: 'nothing' });
    expect(say([done, stale], 12_000)).toMatchObject({
      rule: 'DependencyTimeout',
      state: { state: 'failed', reason: 'DependencyTimeout' },
      message: 'Task 1, which it waits for, is still running, although it should have ended',
    });
    expect(say([undefined, undefined], 12_000)).toMatchObject({
      message: 'The tasks that it waits for are still unknown, although it should have ended',
    });
  });

  test('an outage gives all of them more time', () => {
    expect(say([done, running], 12_000, held, { ...calm, grace: 15_000 })).toMatchObject({ do: 'nothing' });
  });

  test("fails with the job's deadline", () => {
    const due = submittedHeld({ ...child, deadline: start + 5_000 }, start + 11_000);
    expect(due.dueAt).toBe(start + 5_000);
    expect(say([done, running], 5_000, due)).toMatchObject({ rule: 'DeadlineExceeded' });
  });

  test('spends none of its budgets while it waits, and what the others were late of its queue budget', () => {
    expect(latestEnd(held)).toBe(start + 11_000 + 11_000);
    const late = say([done, alsoDone], 11_400);
    expect(late).toMatchObject({ state: { budgets: { queue: 600 }, dueAt: start + 12_000 } });
    expect(cancelled(held, start + 9_000)).toMatchObject({ state: 'cancelled', budgets: held.budgets, worker: null });
  });
});
