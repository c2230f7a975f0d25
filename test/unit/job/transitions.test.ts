// Every transition: its new state, what it counts, and what it keeps.

import { describe, expect, test } from 'vitest';
import type { NeedsReview, Queued, Running, TaskState, Waiting } from '../../../src/job/task.ts';
import * as to from '../../../src/job/transitions.ts';
import { identity, start } from '../../fakes/tasks.ts';

const of = identity({ priority: 'high', policy: { queueTimeout: 60_000, runTimeout: 60_000, attemptTimeout: 10_000 } });
const now = start + 5_000;
const queued: Queued = { ...to.submitted(of), attempt: 1, attemptsLost: 1, run: 2 };
const running: Running = to.claimed(queued, 'worker-1', 7, start + 1_000);
const waiting: Waiting = to.waiting(running, 'ProviderError', start + 4_000, start + 3_000);
const review: NeedsReview = to.toReview(running, start + 3_000);
const failed = to.failed(running, 'ProviderError', start + 3_000);

interface Row {
  name: string;
  from: TaskState;
  next: TaskState;
  becomes: Partial<Record<string, unknown>>;
}

const rows: Row[] = [
  {
    name: 'claimed',
    from: queued,
    next: to.claimed(queued, 'worker-2', 9, now),
    becomes: { state: 'running', reason: 'Claimed', worker: 'worker-2', beat: 9, attempt: 2, startedAt: now },
  },
  {
    name: 'succeeded',
    from: running,
    next: to.succeeded(running, now),
    becomes: { state: 'succeeded', reason: 'Succeeded', worker: 'worker-1', finishedAt: now },
  },
  {
    name: 'toReview',
    from: running,
    next: to.toReview(running, now),
    becomes: { state: 'needs_review', reason: 'AwaitingReview', worker: 'worker-1' },
  },
  {
    name: 'waiting',
    from: running,
    next: to.waiting(running, 'ProviderError', now + 900, now),
    becomes: { state: 'waiting', reason: 'ProviderError', retryAt: now + 900 },
  },
  {
    name: 'requeued after the backoff',
    from: waiting,
    next: to.requeued(waiting, 'RetryDue', 'counts', now),
    becomes: { state: 'queued', lane: 'again', reason: 'RetryDue', attempt: 2, attemptsLost: 1 },
  },
  {
    name: 'requeued for the loss of the worker',
    from: running,
    next: to.requeued(running, 'WorkerLost', 'lost', now),
    becomes: { state: 'queued', lane: 'again', reason: 'WorkerLost', attempt: 2, attemptsLost: 2 },
  },
  {
    name: 'requeued free of charge',
    from: running,
    next: to.requeued(running, 'RateLimited', 'free', now),
    becomes: { state: 'queued', lane: 'again', reason: 'RateLimited', attempt: 1, attemptsLost: 1 },
  },
  {
    name: 'requeued out of the queue: no attempt was under way, so none is given back',
    from: queued,
    next: to.requeued(queued, 'MessageLost', 'free', now),
    becomes: { state: 'queued', lane: 'again', reason: 'MessageLost', attempt: 1, attemptsLost: 1 },
  },
  {
    name: 'failed',
    from: running,
    next: to.failed(running, 'OutputRefused', now),
    becomes: { state: 'failed', reason: 'OutputRefused', worker: 'worker-1', finishedAt: now },
  },
  {
    name: 'failed in the queue',
    from: queued,
    next: to.failed(queued, 'QueueTimeout', now),
    becomes: { state: 'failed', reason: 'QueueTimeout', worker: null, finishedAt: now },
  },
  {
    name: 'cancelled',
    from: running,
    next: to.cancelled(running, now),
    becomes: { state: 'cancelled', reason: 'Cancelled', worker: 'worker-1', finishedAt: now },
  },
  {
    name: 'approved',
    from: review,
    next: to.approved(review, now),
    becomes: { state: 'succeeded', reason: 'Approved', worker: 'worker-1', finishedAt: now },
  },
  {
    name: 'rejected',
    from: review,
    next: to.rejected(review, now),
    becomes: { state: 'failed', reason: 'RejectedInReview', worker: 'worker-1', finishedAt: now },
  },
  {
    name: 'deleted',
    from: failed,
    next: to.deleted(failed, now),
    becomes: { state: 'deleted', reason: 'Deleted', finishedAt: failed.finishedAt },
  },
];

describe.each(rows)('$name', ({ from, next, becomes }) => {
  test('enters its state at the moment', () => {
    expect(next).toMatchObject({ ...becomes, since: now });
  });

  test('stays in its run, keeps the identity and what the attempts cost so far', () => {
    const { of: same, run, queuedAt } = from;
    expect(next).toMatchObject({ of: same, run, queuedAt, attempt: next.attempt });
    if (!('attempt' in becomes)) expect(next.attempt).toBe(from.attempt);
    if (!('attemptsLost' in becomes)) expect(next.attemptsLost).toBe(from.attemptsLost);
    if (!('startedAt' in becomes)) expect(next.startedAt).toBe(from.startedAt);
  });

  test('carries nothing over that only the state before has', () => {
    const own = new Set([
      'of',
      'run',
      'attempt',
      'attemptsLost',
      'budgets',
      'since',
      'queuedAt',
      'startedAt',
      'reason',
    ]);
    const extra = {
      queued: ['state', 'lane', 'dueAt'],
      running: ['state', 'worker', 'beat', 'dueAt'],
      waiting: ['state', 'retryAt', 'dueAt'],
      needs_review: ['state', 'worker', 'dueAt'],
      succeeded: ['state', 'worker', 'finishedAt'],
      failed: ['state', 'worker', 'finishedAt'],
      cancelled: ['state', 'worker', 'finishedAt'],
      deleted: ['state', 'finishedAt'],
    }[next.state];
    expect(new Set(Object.keys(next))).toEqual(new Set([...own, ...extra]));
  });
});

test('a submit is the first run, queued in the lane of its priority', () => {
  expect(to.submitted(of)).toMatchObject({
    state: 'queued',
    lane: 'high',
    run: 1,
    attempt: 0,
    attemptsLost: 0,
    since: start,
    queuedAt: start,
    startedAt: null,
    reason: 'Submitted',
    dueAt: start + 60_000,
  });
});

test.each([
  ['Retried', failed],
  ['Tweaked', review],
] as const)('a new run (%s) has fresh budgets and attempts in the lane of its priority', (reason, task) => {
  expect(to.newRun(task, reason, now)).toMatchObject({
    state: 'queued',
    lane: 'high',
    run: task.run + 1,
    attempt: 0,
    attemptsLost: 0,
    reason,
    since: now,
    queuedAt: now,
    startedAt: null,
    budgets: { queue: 60_000, run: 60_000 },
    dueAt: now + 60_000,
  });
});
