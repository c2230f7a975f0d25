// The rows that are in the page while the user scrolls.

import { expect, test } from 'vitest';
import { rowsInSight, scrollToSee, withOverscan } from '../../../src/console/pages/jobs/list/virtualWindow.ts';

test.each([
  ['at the top', { top: 300, height: 900, count: 10_000 }, { first: 0, end: 12 }],
  ['in the middle', { top: -50_025, height: 900, count: 10_000 }, { first: 1_000, end: 1_019 }],
  ['at the end', { top: -499_100, height: 900, count: 10_000 }, { first: 9_982, end: 10_000 }],
  ['beyond the end', { top: -900_000, height: 900, count: 10_000 }, { first: 10_000, end: 10_000 }],
  ['below what is in sight', { top: 2_000, height: 900, count: 10_000 }, { first: 0, end: 0 }],
  ['without rows', { top: 300, height: 900, count: 0 }, { first: 0, end: 0 }],
])('%s', (_, { top, height, count }, expected) => {
  expect(rowsInSight(top, height, 50, count)).toEqual(expected);
});

test('some rows on both sides are in the page too', () => {
  expect(withOverscan({ first: 3, end: 20 }, 25)).toEqual({ first: 0, end: 25 });
  expect(withOverscan({ first: 100, end: 120 }, 1_000)).toEqual({ first: 90, end: 130 });
});

test('the page scrolls just so far that a row is in sight', () => {
  const edges = { from: 100, to: 700 };
  expect(scrollToSee(0, 120, 50, edges)).toBe(0);
  expect(scrollToSee(20, -300, 50, edges)).toBe(50);
  expect(scrollToSee(3, -300, 50, edges)).toBe(-250);
});
