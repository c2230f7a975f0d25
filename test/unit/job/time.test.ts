// The three kinds of time and position: the compiler refuses to mix them. `tsc` checks this file, so an unused
// `@ts-expect-error` fails the build.

import { expect, expectTypeOf, test } from 'vitest';
import type { Queued, Running } from '../../../src/job/task.ts';
import {
  after,
  earliest,
  elapsed,
  latest,
  longAgo,
  monotonicFrom,
  never,
  type Instant,
  type Monotonic,
  type Sequence,
} from '../../../src/job/time.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { LogEntry } from '../../../src/ports/jobLog.ts';

declare const instant: Instant;
declare const sequence: Sequence;
declare const moment: Monotonic;

/** Never called: only its types matter. */
const mixes = (): void => {
  // @ts-expect-error a sequence is not an instant
  void (sequence satisfies Instant);
  // @ts-expect-error an instant is not a sequence
  void (instant satisfies Sequence);
  // @ts-expect-error a monotonic moment is not an instant
  void (moment satisfies Instant);
  // @ts-expect-error an instant is not a monotonic moment
  void (instant satisfies Monotonic);
  // @ts-expect-error neither is a plain number
  void (5 satisfies Monotonic);
  // @ts-expect-error a monotonic moment is not a sequence
  void (moment satisfies Sequence);
  // @ts-expect-error the difference between the two clocks means nothing
  void (instant - moment);
  // @ts-expect-error moments are subtracted with `elapsed`
  void (moment - moment);
  // @ts-expect-error a delay is added with `after`
  void (moment - -5);
  // @ts-expect-error the two clocks cannot be compared
  void (instant < moment);
  // @ts-expect-error nor a moment and a plain number
  void (moment >= 5);
  // @ts-expect-error a sequence never equals an instant
  void (sequence === instant);
  // @ts-expect-error silence is measured between two moments
  elapsed(instant, moment);
};

test('server instants, sequences and monotonic moments do not mix', () => {
  expect(mixes).toBeTypeOf('function');
  expectTypeOf<Instant>().not.toExtend<Sequence>();
  expectTypeOf<Sequence>().not.toExtend<Instant>();
  expectTypeOf<Monotonic>().not.toExtend<number>();
  expectTypeOf<number>().not.toExtend<Monotonic>();
});

test('where they are used, they are what they say', () => {
  expectTypeOf<Running['dueAt']>().toEqualTypeOf<Instant>();
  expectTypeOf<Queued['since']>().not.toExtend<Sequence>();
  expectTypeOf<LogEntry['sequence']>().toEqualTypeOf<Sequence>();
  expectTypeOf<LogEntry['at']>().not.toExtend<LogEntry['sequence']>();
  expectTypeOf<ReturnType<Clock['monotonic']>>().toEqualTypeOf<Monotonic>();
  expectTypeOf<ReturnType<Clock['now']>>().toEqualTypeOf<Instant>();
});

test('plain numbers serve as instants and sequences, and both as numbers', () => {
  expectTypeOf<number>().toExtend<Instant>();
  expectTypeOf<number>().toExtend<Sequence>();
  expectTypeOf<Instant>().toExtend<number>();
  expectTypeOf<Sequence>().toExtend<number>();
});

test('moments are compared, subtracted and moved', () => {
  const start = monotonicFrom(1_000);
  const later = after(start, 250);
  expect(elapsed(start, later)).toBe(250);
  expect(elapsed(later, start)).toBe(-250);
  expect(start < later).toBe(true);
  expect([earliest(start, later), latest(start, later)]).toEqual([start, later]);
  expect(longAgo < start && start < never).toBe(true);
  expect(elapsed(longAgo, start)).toBe(Infinity);
});
