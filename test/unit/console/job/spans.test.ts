// The spans, marks and time limits of a timeline, from the transitions of a task.

import { describe, expect, test } from 'vitest';
import type { Transition } from '../../../../src/client/index.ts';
import { spansOf, type Row } from '../../../../src/console/pages/job/timeline/spans.ts';
import { errorOf, isoSecond, second, task, transition } from './transitions.ts';

const rowOf = (history: Transition[], of: ReturnType<typeof task>, now = 100): Row =>
  spansOf(history, { tasks: [of] }, second(now))[0]!;

/** Each span as `kind from-to outcome cause`, in seconds. */
const told = ({ spans }: Row): string[] =>
  spans.map(({ kind, from, to, outcome, cause }) => {
    const times = `${(from - second(0)) / 1_000}-${(to - second(0)) / 1_000}`;
    return [kind, times, outcome, ...(cause === null ? [] : [cause])].join(' ');
  });

const marks = (row: Row): string[] =>
  row.marks.map(({ kind, at, text }) => `${(at - second(0)) / 1_000} ${kind} ${text}`);

const submitted = transition(1, 0, 'queued', 'Submitted');
const claimed = transition(2, 2, 'running', 'Claimed', { attempt: 1 });

test('a task that succeeds', () => {
  const row = rowOf([submitted, claimed, transition(3, 7, 'succeeded', 'Succeeded')], task('succeeded'));
  expect(told(row)).toEqual(['queued 0-2 started', 'running 2-7 succeeded']);
  expect(marks(row)).toEqual(['7 succeeded succeeded']);
  expect(row.future).toBeUndefined();
});

test('spans know the transitions that began and ended them, and have an id that lasts', () => {
  const row = rowOf([claimed, submitted], task('running', { dueAt: isoSecond(92) }));
  expect(row.spans.map(({ id }) => id)).toEqual(['0-1', '0-2']);
  expect(row.spans[0]).toMatchObject({ began: submitted, ended: claimed, isOpen: false });
  expect(row.spans[1]).toMatchObject({ began: claimed, ended: undefined, isOpen: true });
});

test('an open span ends now, and its task has a time limit', () => {
  const row = rowOf([submitted, claimed], task('running', { dueAt: isoSecond(92) }), 10);
  expect(told(row)).toEqual(['queued 0-2 started', 'running 2-10 open']);
  expect(row.future).toEqual({ at: second(92), says: 'the attempt ends' });
});

test('a clock that is behind: an open span never ends before it begins', () => {
  const row = rowOf([submitted, claimed], task('running', { dueAt: isoSecond(92) }), 1);
  expect(told(row)).toEqual(['queued 0-2 started', 'running 2-2 open']);
});

test('clocks of servers that differ: no span ends before it begins', () => {
  const early = transition(2, -1, 'running', 'Claimed', { attempt: 1 });
  const row = rowOf([submitted, early, transition(3, 7, 'succeeded', 'Succeeded')], task('succeeded'));
  expect(told(row)).toEqual(['queued 0-0 started', 'running 0-7 succeeded']);
});

test('a retry after a backoff', () => {
  const failed = transition(3, 5, 'waiting', 'ProviderError', { attempt: 1, error: errorOf('ProviderError') });
  const history = [submitted, claimed, failed, transition(4, 9, 'queued', 'RetryDue', { attempt: 1 })];
  const row = rowOf(history, task('queued', { dueAt: isoSecond(500) }), 12);
  expect(told(row)).toEqual([
    'queued 0-2 started',
    'running 2-5 failed',
    'waiting 5-9 returned ProviderError',
    'queued 9-12 open',
  ]);
  expect(marks(row)).toEqual(['5 fault ProviderError']);
});

test('while it waits for its next attempt, the time limit is that attempt', () => {
  const failed = transition(3, 5, 'waiting', 'ProviderError', { attempt: 1, error: errorOf('ProviderError') });
  const of = task('waiting', { dueAt: isoSecond(300), retryAt: isoSecond(9) });
  expect(rowOf([submitted, claimed, failed], of, 6).future).toEqual({ at: second(9), says: 'the next attempt' });
});

test('a lost worker', () => {
  const lost = transition(3, 8, 'queued', 'WorkerLost', { attempt: 1, attemptsLost: 1, error: errorOf('WorkerLost') });
  const row = rowOf([submitted, claimed, lost], task('queued', { dueAt: isoSecond(500) }), 9);
  expect(told(row)).toEqual(['queued 0-2 started', 'running 2-8 failed', 'queued 8-9 open WorkerLost']);
  expect(marks(row)).toEqual(['8 fault WorkerLost']);
});

test('a worker that shuts down returns the task, which is no fault of the attempt', () => {
  const drained = transition(3, 8, 'queued', 'WorkerDrained', { error: errorOf('WorkerDrained') });
  const row = rowOf([submitted, claimed, drained], task('queued', { dueAt: isoSecond(500) }), 9);
  expect(told(row)[1]).toBe('running 2-8 returned');
});

describe('an outage', () => {
  const out = transition(3, 5, 'queued', 'ProviderUnavailable', { error: errorOf('ProviderUnavailable') });
  const again = transition(4, 20, 'running', 'Claimed', { attempt: 1 });
  const outAgain = transition(5, 21, 'queued', 'ProviderUnavailable', { error: errorOf('ProviderUnavailable') });

  test('requeues the task for its provider as often as it is needed', () => {
    const waitingFor = { reason: 'ProviderOutage', until: isoSecond(40), detail: 'out' } as const;
    const of = task('queued', { dueAt: isoSecond(500), waitingFor });
    const row = rowOf([submitted, claimed, out, again, outAgain], of, 30);
    expect(told(row)).toEqual([
      'queued 0-2 started',
      'running 2-5 returned',
      'queued 5-20 started ProviderUnavailable',
      'running 20-21 returned',
      'queued 21-30 open ProviderOutage',
    ]);
    expect(marks(row)).toEqual(['5 fault ProviderUnavailable', '21 fault ProviderUnavailable']);
  });

  test('that lasts longer than the queue timeout', () => {
    const end = transition(4, 60, 'failed', 'ProviderUnavailable', { error: errorOf('ProviderUnavailable') });
    const row = rowOf([submitted, claimed, out, end], task('failed'));
    expect(told(row).at(-1)).toBe('queued 5-60 failed ProviderUnavailable');
    expect(marks(row).at(-1)).toBe('60 failed ProviderUnavailable');
  });
});

test('a queued task says what it waits for, unless it only waits for its turn', () => {
  const paused = task('queued', { waitingFor: { reason: 'PoolPaused', until: null, detail: '' } });
  expect(told(rowOf([submitted], paused, 3))).toEqual(['queued 0-3 open PoolPaused']);
  const busy = task('queued', { waitingFor: { reason: 'SlotsBusy', until: null, detail: '' } });
  expect(told(rowOf([submitted], busy, 3))).toEqual(['queued 0-3 open']);
});

test('a running task that waits for storage says it', () => {
  const waitingFor = { reason: 'StorageFull', until: null, detail: '' } as const;
  expect(told(rowOf([submitted, claimed], task('running', { waitingFor }), 5)).at(-1)).toBe(
    'running 2-5 open StorageFull',
  );
});

test('a task that falls back to another model is queued again without a fault', () => {
  const history = [submitted, claimed, transition(3, 4, 'queued', 'FellBack')];
  const row = rowOf(history, task('queued', { dueAt: isoSecond(500) }), 6);
  expect(told(row)).toEqual(['queued 0-2 started', 'running 2-4 returned', 'queued 4-6 open']);
  expect(marks(row)).toEqual([]);
});

describe('a chain', () => {
  const held = transition(1, 0, 'waiting', 'AwaitingTasks');

  test('a task that waits for others', () => {
    const row = rowOf([held], task('waiting', { dueAt: isoSecond(900) }), 30);
    expect(told(row)).toEqual(['held 0-30 open AwaitingTasks']);
    expect(marks(row)).toEqual([]);
    expect(row.future).toEqual({ at: second(900), says: 'it changes at the latest' });
  });

  test('gets more time without a new span', () => {
    const more = transition(2, 20, 'waiting', 'AwaitingTasks');
    const met = transition(3, 40, 'queued', 'DependenciesMet');
    const row = rowOf([held, more, met], task('queued', { dueAt: isoSecond(900) }), 41);
    expect(told(row)).toEqual(['held 0-40 returned AwaitingTasks', 'queued 40-41 open']);
    expect(row.spans[0]).toMatchObject({ began: held, ended: met });
  });

  test('fails with a task that it waits for', () => {
    const end = transition(2, 20, 'failed', 'DependencyFailed', { error: errorOf('DependencyFailed') });
    const row = rowOf([held, end], task('failed'));
    expect(told(row)).toEqual(['held 0-20 failed AwaitingTasks']);
    expect(marks(row)).toEqual(['20 failed DependencyFailed']);
  });

  test('waits again in another run, which is another span', () => {
    const end = transition(2, 20, 'failed', 'DependencyFailed');
    const row = rowOf([held, end, transition(3, 30, 'waiting', 'AwaitingTasks', { run: 2 })], task('waiting'), 31);
    expect(told(row)).toEqual(['held 0-20 failed AwaitingTasks', 'held 30-31 open AwaitingTasks']);
    expect(marks(row)).toEqual(['20 failed DependencyFailed', '30 run run 2']);
  });
});

describe('a review', () => {
  const review = transition(3, 6, 'needs_review', 'Flagged', { attempt: 1 });

  test('is open until someone decides', () => {
    const row = rowOf([submitted, claimed, review], task('needs_review', { dueAt: isoSecond(86_400) }), 60);
    expect(told(row)).toEqual(['queued 0-2 started', 'running 2-6 review', 'review 6-60 open Flagged']);
    expect(row.future).toEqual({ at: second(86_400), says: 'it fails unless it has been reviewed' });
  });

  test('ends with an approval', () => {
    const row = rowOf([submitted, claimed, review, transition(4, 50, 'succeeded', 'Approved')], task('succeeded'));
    expect(told(row).at(-1)).toBe('review 6-50 succeeded Flagged');
    expect(marks(row)).toEqual(['50 succeeded approved']);
  });

  test('ends with a rejection', () => {
    const end = transition(4, 50, 'failed', 'RejectedInReview', { error: errorOf('RejectedInReview') });
    expect(marks(rowOf([submitted, claimed, review, end], task('failed')))).toEqual(['50 failed RejectedInReview']);
  });

  test('ends with a tweak, which is a new run', () => {
    const tweak = transition(4, 50, 'queued', 'Tweaked', { run: 2 });
    const row = rowOf([submitted, claimed, review, tweak], task('queued', { dueAt: isoSecond(900) }), 52);
    expect(told(row).slice(2)).toEqual(['review 6-50 returned Flagged', 'queued 50-52 open']);
    expect(marks(row)).toEqual(['50 run run 2']);
  });
});

test.each([
  ['while it is queued', [submitted], 'queued 0-4 cancelled'],
  ['while it runs', [submitted, claimed], 'running 2-4 cancelled'],
])('a cancel %s', (_, before, last) => {
  const row = rowOf([...before, transition(9, 4, 'cancelled', 'Cancelled')], task('cancelled'));
  expect(told(row).at(-1)).toBe(last);
  expect(marks(row)).toEqual(['4 cancelled cancelled']);
});

test.each(['DeadlineExceeded', 'QueueTimeout'])('%s ends a queued task', (code) => {
  const row = rowOf([submitted, transition(2, 30, 'failed', code, { error: errorOf(code) })], task('failed'));
  expect(told(row)).toEqual(['queued 0-30 failed']);
  expect(marks(row)).toEqual([`30 failed ${code}`]);
});

test('a retry by a person begins another run after a while without spans', () => {
  const end = transition(3, 5, 'failed', 'PromptRefused', { error: errorOf('PromptRefused') });
  const history = [submitted, claimed, end, transition(4, 3_600, 'queued', 'Retried', { run: 2 })];
  const row = rowOf(history, task('queued', { dueAt: isoSecond(9_000) }), 3_601);
  expect(told(row)).toEqual(['queued 0-2 started', 'running 2-5 failed', 'queued 3600-3601 open']);
  expect(marks(row)).toEqual(['5 failed PromptRefused', '3600 run run 2']);
});

test('the message about a deletion adds nothing', () => {
  const history = [submitted, transition(2, 4, 'cancelled', 'Cancelled'), transition(3, 90, 'deleted', 'Deleted')];
  expect(told(rowOf(history, task('cancelled')))).toEqual(['queued 0-4 cancelled']);
});

test('rows follow the tasks, also those without a transition', () => {
  const rows = spansOf(
    [transition(1, 0, 'queued', 'Submitted', { task: 1 })],
    { tasks: [task('queued'), task('queued', { index: 1, name: 'back' })] },
    second(1),
  );
  expect(rows.map(({ task: index, name, spans }) => [index, name, spans.length])).toEqual([
    [0, null, 0],
    [1, 'back', 1],
  ]);
});

test('500 tasks with 20 transitions each take a fraction of a second', () => {
  const tasks = Array.from({ length: 500 }, (_, index) => task('running', { index }));
  const history = tasks.flatMap(({ index }) =>
    Array.from({ length: 20 }, (_, at) =>
      transition(index * 20 + at, at, at % 2 === 0 ? 'queued' : 'running', 'RetryDue', { task: index }),
    ),
  );
  expect(spansOf(history, { tasks }, second(30)).flatMap(({ spans }) => spans)).toHaveLength(10_000);
});
