// What an event changes in what the Job page knows.

import { describe, expect, test } from 'vitest';
import type { Task, TaskChange } from '../../../../src/client/index.ts';
import { historyAfter, taskAfter, textAfter } from '../../../../src/console/pages/job/live/changes.ts';
import { errorOf, isoSecond, transition } from './transitions.ts';

const running = {
  index: 2,
  name: 'page-2',
  state: 'running',
  run: 1,
  attempt: 1,
  progress: 0.4,
  phase: 'waiting for the provider',
  error: errorOf('ProviderError'),
  artifacts: [],
  output: null,
  dueAt: isoSecond(90),
  metadata: { page: 2 },
} as unknown as Task;

const change = (fields: Partial<TaskChange>): TaskChange => ({
  sequence: 9,
  at: isoSecond(7),
  job: 'j',
  task: 2,
  name: 'page-2',
  pool: 'default',
  state: 'running',
  run: 1,
  attempt: 1,
  attemptsLost: 0,
  reason: 'Claimed',
  worker: 'worker-1',
  startedAt: isoSecond(2),
  dueAt: isoSecond(92),
  retryAt: null,
  waitingFor: null,
  target: null,
  ...fields,
});

describe('a task', () => {
  test('keeps its progress while the attempt is the same, and what the event does not tell', () => {
    expect(taskAfter(running, change({}))).toMatchObject({
      progress: 0.4,
      phase: running.phase,
      metadata: { page: 2 },
    });
  });

  test('begins another attempt at the start', () => {
    expect(taskAfter(running, change({ attempt: 2 }))).toMatchObject({ attempt: 2, progress: 0, phase: null });
  });

  test('has finished', () => {
    const after = taskAfter(
      running,
      change({ state: 'succeeded', reason: 'Succeeded', dueAt: null, worker: 'worker-1' }),
    );
    expect(after).toMatchObject({ state: 'succeeded', progress: 1, completedAt: isoSecond(7), dueAt: null });
  });

  test('has no results of an earlier run', () => {
    const before = { ...running, state: 'failed', artifacts: [{ name: 'image' }] } as unknown as Task;
    const after = taskAfter(before, change({ state: 'queued', reason: 'Retried', run: 2, attempt: 0 }));
    expect(after).toMatchObject({ run: 2, artifacts: [], error: null, queuedAt: isoSecond(7), progress: 0 });
  });

  test('stays what it was while its job is being deleted', () => {
    expect(taskAfter(running, change({ state: 'deleted', dueAt: null }))).toBe(running);
  });
});

describe('the history', () => {
  const known = [transition(1, 0, 'queued', 'Submitted'), transition(9, 7, 'running', 'Claimed')];

  test('does not change with what it has', () => expect(historyAfter(known, change({}))).toBe(known));

  test('gets what it lacks, in order', () => {
    const after = historyAfter(known, change({ sequence: 4, reason: 'RetryDue', state: 'queued' }));
    expect(after.map(({ sequence, reason }) => [sequence, reason])).toEqual([
      [1, 'Submitted'],
      [4, 'RetryDue'],
      [9, 'Claimed'],
    ]);
  });
});

test('a text as it is written', () => {
  expect(textAfter('once', { offset: 4, text: ' upon' })).toBe('once upon');
  expect(textAfter('once upon', { offset: 4, text: ' more' })).toBe('once more');
  expect(textAfter('once upon', { offset: 0, text: 'a' })).toBe('a');
});
