// What a job is, derived from its tasks: state, counts, times, progress.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  awaitsReview,
  countStates,
  failureReason,
  jobState,
  jobTimes,
  progressFraction,
} from '../../../src/job/jobState.ts';
import { isOpen, taskStates, type TaskState, type TaskStateName } from '../../../src/job/task.ts';
import { cancelled, deleted, failed, submitted, submittedHeld, succeeded } from '../../../src/job/transitions.ts';
import { everyState, identity, runningTask, start } from '../../fakes/tasks.ts';

const stateOf = (...states: TaskStateName[]) => jobState(countStates(states.map(taskIn)));

function taskIn(state: TaskStateName): TaskState {
  const found = [...everyState(), cancelled(submitted(identity()), start)].find((task) => task.state === state);
  if (found === undefined) throw new Error(`no task in ${state}`);
  return found;
}

describe('the state of a job', () => {
  test.each<[TaskStateName, TaskStateName[]]>([
    ['running', ['queued', 'running', 'waiting', 'needs_review', 'failed', 'succeeded']],
    ['queued', ['waiting', 'queued', 'needs_review', 'cancelled']],
    ['waiting', ['needs_review', 'waiting', 'succeeded']],
    ['needs_review', ['needs_review', 'failed', 'succeeded']],
    ['failed', ['cancelled', 'failed', 'succeeded']],
    ['cancelled', ['succeeded', 'cancelled']],
    ['succeeded', ['succeeded', 'succeeded']],
  ])('is %s for %j', (expected, states) => {
    expect(stateOf(...states)).toBe(expected);
  });

  test('is open exactly while a task is', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...taskStates), { minLength: 1, maxLength: 20 }), (states) => {
        expect(isOpen(taskIn(stateOf(...states)))).toBe(states.map(taskIn).some(isOpen));
      }),
    );
  });

  test('does not count tombstones', () => {
    const gone = deleted(failed(runningTask(), 'ProviderError', start), start);
    expect(Object.values(countStates([gone])).every((count) => count === 0)).toBe(true);
  });
});

describe('the times of a job', () => {
  const of = identity({ policy: { queueTimeout: 10_000, runTimeout: 20_000 } });
  const running = runningTask(of, start + 1_000);

  test('while a task is open', () => {
    expect(jobTimes([succeeded(running, start + 3_000), submitted(of)])).toEqual({
      submittedAt: start,
      startedAt: start + 1_000,
      finishedAt: null,
      deadlineAt: start + 30_000,
      expiresAt: of.expiresAt,
    });
  });

  test('once all are terminal', () => {
    const times = jobTimes([succeeded(running, start + 3_000), cancelled(submitted(of), start + 2_000)]);
    expect(times).toMatchObject({ startedAt: start + 1_000, finishedAt: start + 3_000, deadlineAt: start + 3_000 });
  });

  test('before anything has started', () => {
    expect(jobTimes([submitted(of)])).toMatchObject({ startedAt: null, finishedAt: null });
  });
});

describe('progress', () => {
  test('is the mean: the terminal ones are done, the running ones as far as their worker says', () => {
    const of = (task: number) => identity({ task, total: 3 });
    const tasks = [submitted(of(0)), runningTask(of(1)), succeeded(runningTask(of(2)), start)];
    expect(progressFraction(tasks, (task) => (task === 1 ? 0.5 : Number.NaN))).toBe(0.5);
  });

  test('lies between 0 and 1, and is 1 exactly when all are terminal', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...everyState()), { minLength: 1, maxLength: 50 }), (tasks) => {
        const fraction = progressFraction(tasks, () => 0.5);
        expect(fraction).toBeGreaterThanOrEqual(0);
        expect(fraction).toBeLessThanOrEqual(1);
        expect(fraction === 1).toBe(!tasks.some(isOpen));
      }),
    );
  });
});

test('a job failed because of its first task that failed by itself', () => {
  const failedBy = (reason: 'DependencyFailed' | 'AttemptTimeout' | 'WorkerLost'): TaskState =>
    ({ ...taskIn('failed'), reason }) as TaskState;
  expect(failureReason([taskIn('succeeded'), taskIn('running')])).toBeUndefined();
  expect(failureReason([failedBy('DependencyFailed'), failedBy('AttemptTimeout'), failedBy('WorkerLost')])).toBe(
    'AttemptTimeout',
  );
  expect(failureReason([failedBy('DependencyFailed'), taskIn('cancelled')])).toBe('DependencyFailed');
});

describe('a job waits for nothing but a reviewer', () => {
  const held = (task: number, ...after: number[]): TaskState =>
    submittedHeld({ ...identity(), task, total: 4, after }, start + 1_000);
  const at = (task: number, state: TaskStateName): TaskState => {
    const found = taskIn(state);
    return { ...found, of: { ...found.of, task, total: 4 } };
  };

  test.each<[boolean, string, TaskState[]]>([
    [true, 'in review, and the others have ended', [at(0, 'needs_review'), at(1, 'failed'), at(2, 'succeeded')]],
    [false, 'nothing is in review', [at(0, 'succeeded')]],
    [false, 'another task is queued', [at(0, 'needs_review'), at(1, 'queued')]],
    [false, 'another task waits for its next attempt', [at(0, 'needs_review'), at(1, 'waiting')]],
    [
      true,
      'the others wait for the one in review, directly and through each other',
      [at(0, 'needs_review'), held(1, 0), held(2, 3), held(3, 1)],
    ],
    [false, 'another task is about to be released', [at(0, 'needs_review'), at(1, 'succeeded'), held(2, 1)]],
  ])('%s: %s', (expected, _what, tasks) => {
    expect(awaitsReview(tasks)).toBe(expected);
  });
});
