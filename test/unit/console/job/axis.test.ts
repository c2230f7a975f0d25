// The time axis of a timeline.

import { expect, test } from 'vitest';
import { axisOf, ticksOf, xOf } from '../../../../src/console/pages/job/timeline/axis.ts';
import { spansOf } from '../../../../src/console/pages/job/timeline/spans.ts';
import { isoSecond, second, task, transition } from './transitions.ts';

/** A task that is queued at 0 s, and runs from 2 s. */
const open = (now: number) =>
  spansOf(
    [transition(1, 0, 'queued', 'Submitted'), transition(2, 2, 'running', 'Claimed')],
    { tasks: [task('running', { dueAt: isoSecond(90) })] },
    second(now),
  );

const finished = spansOf(
  [transition(1, 0, 'queued', 'Submitted'), transition(2, 100, 'succeeded', 'Succeeded')],
  { tasks: [task('succeeded')] },
  second(5_000),
);

test('without spans there is none', () => expect(axisOf([], second(0))).toBeUndefined());

test('it begins with the first span, and has room ahead of the present', () => {
  const axis = axisOf(open(10), second(10))!;
  expect(xOf(axis, second(0))).toBe(0);
  const present = xOf(axis, second(10));
  expect(present).toBeGreaterThan(0.6);
  expect(present).toBeLessThan(0.95);
});

test('its end moves by steps, not with every second', () => {
  const ends = new Set<number>();
  for (let now = 60; now < 120; now += 1) ends.add(axisOf(open(now), second(now))!.pieces.at(-1)!.to);
  expect(ends.size).toBeLessThan(8);
  for (let now = 3; now < 5_000; now += 7) {
    expect(xOf(axisOf(open(now), second(now))!, second(now))).toBeLessThan(0.95);
  }
});

test('after the end it does not move, and leaves room for the last marks', () => {
  const axis = axisOf(finished, second(5_000))!;
  expect(axis).toEqual(axisOf(finished, second(9_000)));
  expect(xOf(axis, second(100))).toBeCloseTo(1 / 1.16);
});

test('moments before and after it are at its ends', () => {
  const axis = axisOf(finished, second(100))!;
  expect(xOf(axis, second(-5))).toBe(0);
  expect(xOf(axis, second(10_000))).toBe(1);
});

test('hours without an open task are cut out', () => {
  const rows = spansOf(
    [
      transition(1, 0, 'queued', 'Submitted'),
      transition(2, 100, 'failed', 'PromptRefused'),
      transition(3, 10_000, 'queued', 'Retried', { run: 2 }),
      transition(4, 10_100, 'succeeded', 'Succeeded', { run: 2 }),
    ],
    { tasks: [task('succeeded')] },
    second(20_000),
  );
  const axis = axisOf(rows, second(20_000))!;
  expect(axis.pieces.map(({ from, to }) => [from, to])).toEqual([
    [second(0), second(100)],
    [second(10_000), second(10_132)],
  ]);
  const [first, last] = axis.pieces;
  expect(last!.start - first!.end).toBeCloseTo(0.02);
  expect(last!.end).toBeCloseTo(1);
  expect(xOf(axis, second(5_000))).toBe(last!.start);
});

test('a short rest between two runs is not cut out', () => {
  const rows = spansOf(
    [
      transition(1, 0, 'queued', 'Submitted'),
      transition(2, 100, 'failed', 'PromptRefused'),
      transition(3, 130, 'queued', 'Retried', { run: 2 }),
      transition(4, 200, 'succeeded', 'Succeeded', { run: 2 }),
    ],
    { tasks: [task('succeeded')] },
    second(300),
  );
  expect(axisOf(rows, second(300))!.pieces).toHaveLength(1);
});

test('ticks are at round times of the local day, and no more than fit', () => {
  const axis = axisOf(finished, second(100))!;
  const ticks = ticksOf(axis, 8, 0);
  expect(ticks.map(({ label }) => label)).toEqual([
    '02:00:00',
    '02:00:15',
    '02:00:30',
    '02:00:45',
    '02:01:00',
    '02:01:15',
    '02:01:30',
    '02:01:45',
  ]);
  expect(ticks[4]!.x).toBeCloseTo(60 / 116);
  expect(ticksOf(axis, 8, 3_600_000)[0]!.label).toBe('03:00:00');
});

test('a span of a moment has a tick too', () => {
  const rows = spansOf(
    [transition(1, 0.3, 'queued', 'Submitted'), transition(2, 0.4, 'cancelled', 'Cancelled')],
    { tasks: [task('cancelled')] },
    second(5),
  );
  expect(ticksOf(axisOf(rows, second(5))!, 8, 0).map(({ label }) => label)).toEqual(['02:00:00']);
});
