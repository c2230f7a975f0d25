// Random lives of a task: whatever happens to it, it stays within its bounds and ends; and time alone is enough to end it.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { taskError, type TaskErrorCode } from '../../../src/job/errors/index.ts';
import { taskErrors } from '../../../src/job/errors/task.ts';
import { afterFailure, afterLoss } from '../../../src/job/retryOrFail.ts';
import { decide } from '../../../src/job/rules/decide.ts';
import { graceFor, reportGrace } from '../../../src/job/rules/timing.ts';
import type { World } from '../../../src/job/rules/rule.ts';
import { isOpen, type Instant, type OpenTask, type TaskIdentity, type TaskState } from '../../../src/job/task.ts';
import { claimed, requeued, submitted, succeeded, toReview } from '../../../src/job/transitions.ts';
import { arbitraryIdentity, openTasks, start } from '../../fakes/tasks.ts';

/** All workers stay alive: only time can move a task. */
const calm: World = {
  worker: () => ({ silentFor: 0, connectionLost: false, beat: 1, beatsWithout: () => 0 }),
  heartbeatTimeout: 6_000,
  outage: false,
  grace: 0,
  block: () => undefined,
};
const outage: World = { ...calm, outage: true, grace: 15_000 };

describe('time alone', () => {
  test.each([
    ['in calm', calm],
    ['in an outage', outage],
  ])('moves every open state by its dueAt and the grace, %s', (_name, world) => {
    fc.assert(
      fc.property(arbitraryIdentity, fc.integer({ min: 0, max: 1_000_000 }), (of, late) => {
        for (const task of openTasks(of)) {
          const { verdict, at } = waitForVerdict(task, world, start);
          expect(at).toBeLessThanOrEqual(task.dueAt + graceFor(task, world));
          expect(verdict.state.state).not.toBe(task.state);
          expect(decide({ task, seenFor: 0 }, world, task.dueAt + graceFor(task, world) + late, 0.5).do).toBe('write');
        }
      }),
    );
  });

  test('a decision without a verdict names a later time for the next one', () => {
    fc.assert(
      fc.property(arbitraryIdentity, fc.integer({ min: 0, max: 400_000 }), (of, after) => {
        for (const task of openTasks(of)) {
          const verdict = decide({ task, seenFor: 0 }, calm, start + after, 0.5);
          if (verdict.do === 'nothing') expect(verdict.checkAgainAt).toBeGreaterThan(start + after);
        }
      }),
    );
  });
});

type Event = 'claim' | 'finish' | 'review' | 'lose' | 'drain' | 'wait' | TaskErrorCode;
interface Step {
  readonly event: Event;
  readonly after: number;
}

const codes = Object.keys(taskErrors) as TaskErrorCode[];
const step: fc.Arbitrary<Step> = fc.record({
  event: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom<Event>('claim', 'lose', 'wait') },
    { weight: 1, arbitrary: fc.constantFrom<Event>('finish', 'review', 'drain') },
    { weight: 2, arbitrary: fc.constantFrom<Event>(...codes) },
  ),
  after: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 100_000 })),
});

describe('a random life', () => {
  test('stays within its bounds and ends within the sum of its budgets', () => {
    fc.assert(
      fc.property(arbitraryIdentity, fc.array(step, { maxLength: 60 }), (of, steps) => {
        const states = live(of, steps);
        for (const [index, state] of states.entries()) {
          expectBounds(state);
          if (index > 0) expectOnlyLess(states[index - 1]!, state);
        }
        expectEnd(states.at(-1)!);
      }),
      { numRuns: 500 },
    );
  });

  test('an error that must not be retried is the end', () => {
    fc.assert(
      fc.property(arbitraryIdentity, fc.array(step, { maxLength: 60 }), (of, steps) => {
        for (const state of live(of, steps).slice(0, -1)) {
          const reason = taskErrors[state.reason as TaskErrorCode];
          expect(reason === undefined || reason.retryable).toBe(true);
        }
      }),
    );
  });
});

/** Plays the steps as far as they fit; the rules speak as soon as they may; then waits for the end. */
function live(of: TaskIdentity, steps: readonly Step[]): TaskState[] {
  let now = start;
  let task: TaskState = submitted(of);
  const states: TaskState[] = [task];
  const enter = (next: TaskState) => {
    task = next;
    states.push(next);
  };
  for (const { event, after } of steps) {
    const until: Instant = now + after;
    while (isOpen(task)) {
      const { verdict, at } = waitForVerdict(task, calm, now);
      if (at > until) break;
      now = at;
      enter(verdict.state);
    }
    if (!isOpen(task)) return states;
    now = until;
    const next = applied(task, event, now);
    if (next !== undefined) enter(next);
  }
  while (isOpen(task)) {
    const { verdict, at } = waitForVerdict(task, calm, now);
    now = at;
    enter(verdict.state);
  }
  return states;
}

/** What an event makes of a task, or undefined where it does not concern its state. */
function applied(task: OpenTask, event: Event, now: Instant): TaskState | undefined {
  if (event === 'claim') return task.state === 'queued' && now < task.dueAt ? claimed(task, 'w', 1, now) : undefined;
  if (task.state !== 'running' || event === 'wait') return undefined;
  if (event === 'finish') return succeeded(task, now);
  if (event === 'review') return toReview(task, now);
  if (event === 'drain') return requeued(task, 'WorkerDrained', 'free', now);
  if (event === 'lose') return afterLoss(task, taskError('WorkerLost', 'gone'), now).state;
  return afterFailure(task, taskError(event, 'broken'), now, 0.5).state;
}

function waitForVerdict(task: OpenTask, world: World, from: Instant) {
  let now = from;
  for (let looks = 0; looks < 4; looks += 1) {
    const verdict = decide({ task, seenFor: now - task.since }, world, now, 0.5);
    if (verdict.do === 'write') return { verdict, at: now };
    now = verdict.checkAgainAt;
  }
  throw new Error(`no rule speaks of ${task.state}`);
}

function expectBounds(state: TaskState): void {
  const { maxAttempts, maxLostAttempts } = state.of.policy;
  expect(state.attempt).toBeGreaterThanOrEqual(0);
  expect(state.attempt).toBeLessThanOrEqual(maxAttempts);
  expect(state.attemptsLost).toBeLessThanOrEqual(maxLostAttempts);
  expect(state.attemptsLost).toBeLessThanOrEqual(state.attempt);
  if (isOpen(state)) expect(state.attemptsLost).toBeLessThan(maxLostAttempts);
  for (const left of Object.values(state.budgets)) expect(left).toBeGreaterThanOrEqual(0);
}

function expectOnlyLess(before: TaskState, after: TaskState): void {
  expect(after.since).toBeGreaterThanOrEqual(before.since);
  expect(after.run).toBe(before.run);
  for (const budget of ['queue', 'run', 'review'] as const)
    expect(after.budgets[budget]).toBeLessThanOrEqual(before.budgets[budget]);
}

function expectEnd(last: TaskState): void {
  if (isOpen(last) || last.state === 'deleted') throw new Error(`not an end: ${last.state}`);
  const { queueTimeout, runTimeout, reviewTimeout } = last.of.policy;
  const latest = Math.min(start + queueTimeout + runTimeout + reviewTimeout, last.of.deadline ?? Infinity);
  expect(last.finishedAt).toBeLessThanOrEqual(latest + reportGrace);
}
