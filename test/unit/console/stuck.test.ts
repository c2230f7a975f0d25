// Stuck tasks in groups with one explanation, and what became of those that were to fail.

import { expect, it } from 'vitest';
import type { StuckTask } from '../../../src/client/index.ts';
import { fixSummary, groupsOf, selectionKey } from '../../../src/console/pages/stuck/groups.ts';

function aStuckTask(over: Partial<StuckTask> = {}): StuckTask {
  return {
    job: 'j',
    task: 0,
    name: null,
    pool: 'photos',
    state: 'queued',
    reason: 'Submitted',
    run: 1,
    attempt: 0,
    sequence: 7,
    since: '2026-11-29T02:00:00.000Z',
    sinceMs: 60_000,
    cause: 'NoWorkers',
    summary: 'No worker serves pool photos',
    details: [],
    advice: ['Start one.'],
    dueAt: null,
    retryAt: null,
    next: [],
    budgetsLeft: null,
    queue: null,
    worker: null,
    error: null,
    tenant: 'default',
    overdue: false,
    ...over,
  };
}

it('tasks with the same explanation are one group, in the order of their first ones', () => {
  const tasks = [
    aStuckTask({ summary: 'for 5m' }),
    aStuckTask({ task: 1, pool: 'stories' }),
    aStuckTask({ task: 2, summary: 'for 4m' }),
    aStuckTask({ task: 3, overdue: true }),
    aStuckTask({ task: 4, cause: 'PoolPaused' }),
    aStuckTask({ task: 5, advice: [] }),
    aStuckTask({ task: 6, state: 'running' }),
  ];
  const groups = groupsOf(tasks);
  expect(groups.map((group) => group.tasks.map(({ task }) => task))).toEqual([[0, 2], [1], [3], [4], [5], [6]]);
  expect(groups[0]!.first.summary).toBe('for 5m');
});

it('a task that has changed is no longer selected', () => {
  expect(selectionKey(aStuckTask({ sequence: 8 }))).not.toBe(selectionKey(aStuckTask()));
});

it('the result says what failed and what did not', () => {
  const one = { job: 'j', task: 0 };
  expect(fixSummary([{ ...one, outcome: 'failed' }])).toBe('1 task failed with FailedByOperator');
  const outcomes = ['changed', 'failed', 'notFound', 'failed'] as const;
  expect(fixSummary(outcomes.map((outcome) => ({ ...one, outcome })))).toBe(
    '2 tasks failed with FailedByOperator, 1 not changed, 1 no longer exists',
  );
  expect(fixSummary([{ ...one, outcome: 'changed' }])).toBe('0 tasks failed with FailedByOperator, 1 not changed');
});
