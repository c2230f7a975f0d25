// The figures of the last hour above the list of jobs.

import { expect, test } from 'vitest';
import type { Activity } from '../../../src/client/index.ts';
import { figuresOf, incompleteText } from '../../../src/console/pages/jobs/overview/figures.ts';
import { at } from './jobFixtures.ts';

const idle = { succeeded: 0, failed: 0, cancelled: 0, p50Ms: null, p95Ms: null };
const busy = { succeeded: 3, failed: 1, cancelled: 2, p50Ms: 4_200, p95Ms: 20_110 };

const activity = (change: Partial<Activity> = {}): Activity => ({
  at: at(60),
  since: at(0),
  behindMs: 0,
  overdue: 0,
  now: { queued: 1_200, running: 4, waiting: 3, needs_review: 0 },
  hour: { ...busy, successRate: 0.75 },
  minutes: [
    { at: at(0), ...idle, queued: 0, running: 0, waiting: 0 },
    { at: at(1), ...busy, queued: 5, running: 2, waiting: 1 },
  ],
  ...change,
});

const shown = (of: Activity | undefined) => figuresOf(of).map(({ title, value, detail }) => [title, value, detail]);

test('the figures, what stands beside them, and their courses', () => {
  expect(shown(activity())).toEqual([
    ['Success rate', '75.0 %', '1 of 4 tasks failed'],
    ['Latency p95', '20 s', 'p50 4.2 s'],
    ['Waiting', '1,203', '1,200 queued, 3 waiting'],
    ['Running', '4', 'tasks at present'],
  ]);
  expect(figuresOf(activity()).map(({ course }) => course)).toEqual([
    [null, 0.75],
    [null, 20_110],
    [0, 6],
    [0, 2],
  ]);
});

test('without a value there is a dash', () => {
  const quiet = activity({ hour: { ...idle, successRate: null } });
  expect(shown(quiet).slice(0, 2)).toEqual([
    ['Success rate', '–', 'no task has finished'],
    ['Latency p95', '–', 'no task has finished'],
  ]);
  expect(shown(undefined).map(([, value]) => value)).toEqual(['–', '–', '–', '–']);
});

test('figures of less than an hour tell since when', () => {
  const now = Date.parse(at(60));
  expect(incompleteText(activity(), now)).toBeUndefined();
  expect(incompleteText(activity({ since: at(30) }), now)).toMatch(/^Complete since \d\d:30:00/);
  expect(incompleteText(activity({ since: null }), now)).toMatch(/not known/);
});
