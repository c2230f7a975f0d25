// When a task is checked next: controller, rules and explanations agree on the same moments.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextSteps } from '../../../src/job/explain/index.ts';
import { decide } from '../../../src/job/rules/decide.ts';
import type { World } from '../../../src/job/rules/rule.ts';
import { firstCheck, nextCheck, timedRules } from '../../../src/job/rules/timing.ts';
import { isOpen, type OpenTask } from '../../../src/job/task.ts';
import { claimed, submitted, toReview, waiting } from '../../../src/job/transitions.ts';
import { identity, start } from '../../fakes/tasks.ts';

const queued = submitted(identity());
const running = claimed(queued, 'w', 1, start + 5_000);
const tasks: readonly OpenTask[] = [
  queued,
  running,
  waiting(running, 'ProviderError', start + 9_000, start + 7_000),
  toReview(running, start + 7_000),
  submitted(identity({ deadline: start + 1_000 })),
];
const calm: World = {
  worker: () => undefined,
  heartbeatTimeout: Infinity,
  outage: true,
  grace: 0,
  block: () => undefined,
};
const someTask = fc.constantFrom(...tasks);

test('nothing happens before the next check, and the first timed rule acts at it', () => {
  const grace = fc.constantFrom(0, 15_000);
  fc.assert(
    fc.property(someTask, grace, (task, late) => {
      const world = { ...calm, grace: late };
      const next = nextCheck(task, world, start);
      expect(decide({ task, seenFor: 0 }, world, next - 1, 0.5)).toEqual({ do: 'nothing', checkAgainAt: next });
      const verdict = decide({ task, seenFor: 0 }, world, next, 0.5);
      expect(verdict).toMatchObject({ do: 'write', rule: timedRules(task)[0]!.rule });
    }),
  );
});

test('an explanation names the same rules and moments, nearest first', () => {
  for (const task of tasks) {
    const steps = nextSteps(task, start);
    expect(steps.map(({ rule, at }) => ({ rule, at }))).toEqual(timedRules(task));
    expect(steps.map(({ at }) => at)).toEqual(steps.map(({ at }) => at).toSorted((a, b) => a - b));
    expect(isOpen(task)).toBe(true);
  }
});

test('a task that was never checked is first checked at that moment too, even if it is over', () => {
  for (const task of tasks) expect(firstCheck(task)).toBe(nextCheck(task, calm, start - 1_000_000));
  expect(nextCheck(queued, calm, queued.dueAt + 5)).toBe(queued.dueAt + 6);
  expect(firstCheck(queued)).toBe(queued.dueAt);
});
