// Each rule: when it returns a verdict, which one, and when it returns none; and the order of the rules.

import { describe, expect, test } from 'vitest';
import { attemptTimeout } from '../../../src/job/rules/attemptTimeout.ts';
import { deadlineExceeded } from '../../../src/job/rules/deadlineExceeded.ts';
import { dependenciesMet } from '../../../src/job/rules/dependenciesMet.ts';
import { dependencyFailed } from '../../../src/job/rules/dependencyFailed.ts';
import { dependencyTimeout } from '../../../src/job/rules/dependencyTimeout.ts';
import { decide, rules } from '../../../src/job/rules/decide.ts';
import { messageLost } from '../../../src/job/rules/messageLost.ts';
import { queueTimeout } from '../../../src/job/rules/queueTimeout.ts';
import { retryDue } from '../../../src/job/rules/retryDue.ts';
import { reviewTimeout } from '../../../src/job/rules/reviewTimeout.ts';
import type { Rule, World, ObservedWorker } from '../../../src/job/rules/rule.ts';
import { runTimeout } from '../../../src/job/rules/runTimeout.ts';
import { targetBlocked } from '../../../src/job/rules/targetBlocked.ts';
import { taskOrphaned } from '../../../src/job/rules/taskOrphaned.ts';
import { workerLost } from '../../../src/job/rules/workerLost.ts';
import { whyDue } from '../../../src/job/whyDue.ts';
import type { OpenTask } from '../../../src/job/task.ts';
import { submitted, toReview, waiting } from '../../../src/job/transitions.ts';
import { identity, openTasks, runningTask, start } from '../../fakes/tasks.ts';

const alive: ObservedWorker = { silentFor: 100, connectionLost: false, beat: 10, beatsWithout: () => 0 };
const calm: World = { worker: () => alive, heartbeatTimeout: 6_000, outage: false, grace: 0, block: () => undefined };
const outage: World = { ...calm, outage: true, grace: 15_000 };
const seeing = (worker: Partial<ObservedWorker> | undefined, world = calm): World => ({
  ...world,
  worker: () => (worker === undefined ? undefined : { ...alive, ...worker }),
});

const policy = { queueTimeout: 1_000, runTimeout: 10_000, attemptTimeout: 4_000, reviewTimeout: 2_000 };
const of = identity({ policy });
const queued = submitted(of);
const running = runningTask(of);
const backingOff = waiting(running, 'ProviderError', start + 700, start);
const review = toReview(running, start);

/** What the rule says of the task that many ms after the start. */
const say = (rule: Rule, task: OpenTask, after: number, world: World = calm, seenFor = after) =>
  rule({ task, seenFor }, world, start + after, 0.5);

interface Timed {
  rule: Rule;
  task: OpenTask;
  /** ms after the start at which it first speaks in calm. */
  at: number;
  /** The same in an outage. */
  atInOutage: number;
  says: object;
}

const timed: [string, Timed][] = [
  [
    'DeadlineExceeded',
    {
      rule: deadlineExceeded,
      task: submitted({ ...of, deadline: start + 300 }),
      at: 300,
      atInOutage: 15_300,
      says: { state: 'failed', reason: 'DeadlineExceeded' },
    },
  ],
  [
    'QueueTimeout',
    {
      rule: queueTimeout,
      task: queued,
      at: 1_000,
      atInOutage: 16_000,
      says: { state: 'failed', reason: 'QueueTimeout' },
    },
  ],
  [
    'ReviewTimeout',
    {
      rule: reviewTimeout,
      task: review,
      at: 2_000,
      atInOutage: 17_000,
      says: { state: 'failed', reason: 'ReviewTimeout' },
    },
  ],
  [
    'RunTimeout',
    {
      rule: runTimeout,
      task: running,
      at: 10_500,
      atInOutage: 25_000,
      says: { state: 'failed', reason: 'RunTimeout' },
    },
  ],
  [
    'AttemptTimeout',
    {
      rule: attemptTimeout,
      task: running,
      at: 4_500,
      atInOutage: 19_000,
      says: { state: 'waiting', reason: 'AttemptTimeout' },
    },
  ],
  [
    'RetryDue',
    {
      rule: retryDue,
      task: backingOff,
      at: 700,
      atInOutage: 700,
      says: { state: 'queued', lane: 'again', reason: 'RetryDue' },
    },
  ],
];

describe.each(timed)('%s', (name, { rule, task, at, atInOutage, says }) => {
  test('is silent until its moment, then speaks', () => {
    expect(say(rule, task, at - 1)).toBeUndefined();
    expect(say(rule, task, at)).toMatchObject({ do: 'write', rule: name, state: says });
  });

  test('waits longer in an outage, where it concerns overdue work', () => {
    expect(say(rule, task, atInOutage - 1, outage)).toBeUndefined();
    expect(say(rule, task, atInOutage, outage)).toMatchObject({ rule: name });
  });

  test('has nothing to say of other states', () => {
    const states: Record<string, OpenTask['state'][]> = { RunTimeout: ['running', 'waiting'], DeadlineExceeded: [] };
    const mine = states[name] ?? [task.state];
    for (const other of openTasks(of).filter(({ state }) => !mine.includes(state)))
      expect(say(rule, other, 100_000)).toBeUndefined();
  });
});

test('DeadlineExceeded concerns every open state', () => {
  for (const task of openTasks({ ...of, deadline: start + 300 })) {
    // A task in backoff fails with the error of its last attempt.
    const reason = task.state === 'waiting' ? 'ProviderError' : 'DeadlineExceeded';
    expect(say(deadlineExceeded, task, 800)).toMatchObject({
      rule: 'DeadlineExceeded',
      state: { state: 'failed', reason },
    });
  }
});

test('RunTimeout ends a backoff as well', () => {
  expect(say(runTimeout, backingOff, 10_000)).toMatchObject({ rule: 'RunTimeout', state: { state: 'failed' } });
});

describe('WorkerLost', () => {
  test('speaks once the worker was silent for the timeout', () => {
    expect(say(workerLost, running, 3_000, seeing({ silentFor: 5_999 }), 60_000)).toBeUndefined();
    const verdict = say(workerLost, running, 3_000, seeing({ silentFor: 6_000 }), 60_000);
    expect(verdict).toMatchObject({ rule: 'WorkerLost', state: { state: 'queued', lane: 'again', attemptsLost: 1 } });
    expect(verdict).toMatchObject({ message: 'Worker worker-1 sent no heartbeat for 6.0 s' });
  });

  test('counts silence from the moment the claim was seen, where that is later', () => {
    expect(say(workerLost, running, 3_000, seeing({ silentFor: 60_000 }), 5_999)).toBeUndefined();
    expect(say(workerLost, running, 3_000, seeing({ silentFor: 60_000 }), 6_000)).toBeDefined();
  });

  test('judges a worker that was never heard of by the claim alone', () => {
    expect(say(workerLost, running, 3_000, seeing(undefined), 5_999)).toBeUndefined();
    expect(say(workerLost, running, 3_000, seeing(undefined), 6_000)).toBeDefined();
  });

  test('during an outage no worker is lost by silence, but a closed connection still counts', () => {
    expect(say(workerLost, running, 3_000, seeing({ silentFor: 60_000 }, outage), 60_000)).toBeUndefined();
    const verdict = say(workerLost, running, 10, seeing({ connectionLost: true }, outage));
    expect(verdict).toMatchObject({ rule: 'WorkerLost', state: { state: 'queued', reason: 'WorkerLost' } });
  });

  test('concerns running tasks alone', () => {
    for (const task of [queued, backingOff, review])
      expect(say(workerLost, task, 60_000, seeing({ connectionLost: true }))).toBeUndefined();
  });
});

describe('TaskOrphaned', () => {
  const claim = { ...running, beat: 7 };
  const orphan = { beat: 10, beatsWithout: () => 2 };

  test('speaks after two beats beyond the first after the claim that do not list the task', () => {
    expect(say(taskOrphaned, claim, 10, seeing(orphan))).toMatchObject({
      rule: 'TaskOrphaned',
      state: { state: 'queued', lane: 'again', reason: 'TaskOrphaned', attemptsLost: 1 },
    });
  });

  test('stays silent before that, while the task is listed, for unknown workers, and in an outage', () => {
    expect(say(taskOrphaned, claim, 10, seeing({ ...orphan, beat: 9 }))).toBeUndefined();
    expect(say(taskOrphaned, claim, 10, seeing({ ...orphan, beatsWithout: () => 1 }))).toBeUndefined();
    expect(say(taskOrphaned, claim, 10, seeing(undefined))).toBeUndefined();
    expect(say(taskOrphaned, claim, 10, seeing(orphan, outage))).toBeUndefined();
    expect(say(taskOrphaned, queued, 10, seeing(orphan))).toBeUndefined();
  });
});

describe('MessageLost', () => {
  const missing = (task: OpenTask) => messageLost({ task, seenFor: 0, messageMissing: true }, calm, start + 10, 0.5);

  test('queues a task again whose message the queue lost; that costs no attempt and gives none back', () => {
    expect(missing({ ...queued, attempt: 2 })).toMatchObject({
      rule: 'MessageLost',
      state: { state: 'queued', attempt: 2 },
    });
  });

  test('stays silent without proof and for other states', () => {
    expect(say(messageLost, queued, 10)).toBeUndefined();
    expect(missing(running)).toBeUndefined();
  });
});

describe('decide', () => {
  test('the rules are asked in the order of the design', () => {
    expect(rules).toEqual([
      deadlineExceeded,
      dependencyFailed,
      dependenciesMet,
      dependencyTimeout,
      queueTimeout,
      reviewTimeout,
      runTimeout,
      attemptTimeout,
      targetBlocked,
      workerLost,
      taskOrphaned,
      retryDue,
      messageLost,
    ]);
  });

  test('the first that speaks is the verdict', () => {
    const late = runningTask({ ...of, deadline: start + 300 });
    const rule = (after: number, task: OpenTask = late) => {
      const verdict = decide({ task, seenFor: after }, seeing({ connectionLost: true }), start + after, 0.5);
      return verdict.do === 'write' ? verdict.rule : verdict;
    };
    expect(rule(20_000)).toBe('DeadlineExceeded');
    expect(rule(20_000, running)).toBe('RunTimeout');
    expect(rule(5_000, running)).toBe('AttemptTimeout');
    expect(rule(1_000, running)).toBe('WorkerLost');
  });

  test('no verdict: decide again when time alone may change that', () => {
    const next = (task: OpenTask, world = calm) => decide({ task, seenFor: 0 }, world, start + 1, 0.5);
    expect(next(queued)).toEqual({ do: 'nothing', checkAgainAt: start + 1_000 });
    expect(next(running)).toEqual({ do: 'nothing', checkAgainAt: start + 4_500 });
    expect(next(backingOff)).toEqual({ do: 'nothing', checkAgainAt: start + 700 });
    expect(next(review)).toEqual({ do: 'nothing', checkAgainAt: start + 2_000 });
    expect(next(queued, outage)).toEqual({ do: 'nothing', checkAgainAt: start + 16_000 });
  });
});

test('the worker names the limit that the rules would', () => {
  expect(whyDue(running)).toBe('AttemptTimeout');
  expect(whyDue(runningTask(identity({ policy: { runTimeout: 1_000 } })))).toBe('RunTimeout');
  expect(whyDue(runningTask(identity({ deadline: start + 50 })))).toBe('DeadlineExceeded');
});
