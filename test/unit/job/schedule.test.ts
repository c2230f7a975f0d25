// Compares the schedule with a plain map: after any sets, changes and deletions, keys are returned by due time.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Instant } from '../../../src/job/time.ts';
import { Schedule } from '../../../src/job/schedule.ts';

const key = fc.integer({ min: 1, max: 16 }).map((number) => `key-${number}`);
const step = fc.oneof(
  fc.record({ do: fc.constant('set' as const), key, at: fc.integer({ min: 0, max: 50 }) }),
  fc.record({ do: fc.constant('noLaterThan' as const), key, at: fc.integer({ min: 0, max: 50 }) }),
  fc.record({ do: fc.constant('delete' as const), key }),
  fc.record({ do: fc.constant('take' as const), now: fc.integer({ min: 0, max: 50 }) }),
);

test('behaves like a sorted map', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const schedule = new Schedule<Instant>();
      const model = new Map<string, number>();
      for (const one of steps) {
        play(one, schedule, model);
        expect(schedule.size).toBe(model.size);
        expect(schedule.next() ?? Infinity).toBe(Math.min(...model.values(), Infinity));
        for (const known of schedule.keys()) expect(schedule.moment(known)).toBe(model.get(known));
      }
    }),
  );
});

test('keeps 100,000 keys in order', () => {
  const schedule = new Schedule<Instant>();
  for (let index = 0; index < 100_000; index += 1) schedule.set(`task-${index}`, (index * 7_919) % 100_003);
  let last = -1;
  for (let taken = schedule.next(); taken !== undefined; taken = schedule.next()) {
    expect(taken > last).toBe(true);
    last = taken;
    schedule.takeDue(taken);
  }
  expect(schedule.size).toBe(0);
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Runs the same step on both; a taken key must be the earliest of the model. */
function play(one: Step, schedule: Schedule<Instant>, model: Map<string, number>): void {
  switch (one.do) {
    case 'set':
      schedule.set(one.key, one.at);
      model.set(one.key, one.at);
      return;
    case 'noLaterThan':
      schedule.noLaterThan(one.key, one.at);
      model.set(one.key, Math.min(one.at, model.get(one.key) ?? Infinity));
      return;
    case 'delete':
      schedule.delete(one.key);
      model.delete(one.key);
      return;
    case 'take': {
      const taken = schedule.takeDue(one.now);
      const earliest = Math.min(...model.values(), Infinity);
      if (taken === undefined) expect(earliest).toBeGreaterThan(one.now);
      else expect(model.get(taken)).toBe(earliest);
      if (taken !== undefined) model.delete(taken);
      return;
    }
    default:
      one satisfies never;
  }
}
