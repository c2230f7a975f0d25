// The controller at work: what it moves, when, how often it writes, and when it keeps its hands off.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { taskError } from '../../../src/job/errors.ts';
import { afterFailure } from '../../../src/job/retryOrFail.ts';
import type { Running, TaskState } from '../../../src/job/task.ts';
import { cancelled, claimed, submitted, succeeded, toReview, waiting } from '../../../src/job/transitions.ts';
import { identity, start } from '../../support/fakes/tasks.ts';
import { settle } from '../../support/fakes/virtualClock.ts';
import { heartbeatTimeout, Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.close());

const policy = { queueTimeout: 60_000, runTimeout: 120_000, attemptTimeout: 60_000, reviewTimeout: 30_000 };
const taskOf = (over: Parameters<typeof identity>[0] = {}) => identity({ policy, total: 10, ...over });

/** The task is submitted and claimed in this moment. */
function startTask(task = 0, worker = 'worker-1', of = taskOf({ task })): { running: Running; claim: number } {
  const queued = submitted(of);
  stage.log.append(queued);
  const running = claimed(queued, worker, 1, stage.clock.now());
  return { running, claim: stage.log.append(running).sequence };
}

const lastOf = (task = 0): TaskState => stage.log.statesOf(task).at(-1)!;
const listed = (task: number, claim: number) => ({ job: taskOf().job, task, claim, progress: 0 });

describe('time', () => {
  test('a task that nobody takes fails at its dueAt', async () => {
    const { lines } = await stage.enter();
    stage.log.append(submitted(taskOf()));
    await stage.clock.advance(59_999);
    expect(lastOf().state).toBe('queued');
    await stage.clock.advance(1);
    expect(lastOf()).toMatchObject({ state: 'failed', reason: 'QueueTimeout', finishedAt: start + 60_000 });
    expect(stage.log.entries.at(-1)!.detail.error).toMatchObject({ code: 'QueueTimeout', retryable: false });
    expect(lines).toContainEqual(
      expect.objectContaining({ event: 'generation_failed', reason: 'QueueTimeout', task: 0 }),
    );
  });

  test('a backoff ends at its retryAt: the request is queued again in the first lane', async () => {
    const { lines } = await stage.enter();
    const { running } = startTask();
    stage.log.append(waiting(running, 'ProviderError', start + 700, start));
    await stage.clock.advance(699);
    expect(lastOf().state).toBe('waiting');
    await stage.clock.advance(1);
    expect(lastOf()).toMatchObject({ state: 'queued', lane: 'again', reason: 'RetryDue', attempt: 1 });
    expect(stage.log.entries.at(-1)!.detail.request).toEqual(stage.log.stored);
    expect(lines).toContainEqual(expect.objectContaining({ event: 'task_requeued', reason: 'RetryDue' }));
  });

  test('an attempt that its living worker does not end is ended half a second after its time', async () => {
    const { lines } = await stage.enter();
    const { claim } = startTask();
    await stage.beating(60_000, () => stage.heartbeats.hear('worker-1', [listed(0, claim)]));
    expect(lastOf().state).toBe('running');
    await stage.clock.advance(500);
    expect(lastOf()).toMatchObject({ state: 'waiting', reason: 'AttemptTimeout' });
    expect(lines).toContainEqual(expect.objectContaining({ event: 'attempt_timeout', worker: 'worker-1' }));
  });

  test('a hang is tried again as often as it may be, and then fails within the run’s time', async () => {
    await stage.enter();
    const of = taskOf({ policy: { ...policy, attemptTimeout: 10_000, maxAttempts: 2 } });
    startTask(0, 'worker-1', of);
    await stage.beating(20_000, () => stage.heartbeats.hear('worker-1', [listed(0, 0)]));
    const again = lastOf();
    if (again.state !== 'queued') throw new Error(`expected queued, not ${again.state}`);
    stage.log.append(claimed(again, 'worker-1', 9, stage.clock.now()));
    await stage.beating(12_000, () => stage.heartbeats.hear('worker-1', [listed(0, 0)]));
    expect(lastOf()).toMatchObject({ state: 'failed', reason: 'AttemptTimeout', attempt: 2 });
  });

  test('a review that nobody does ends, and keeps its result', async () => {
    await stage.enter();
    const { running } = startTask();
    const artifacts = [{ name: 'image', mediaType: 'image/png', bytes: 1, digest: 'sha256:x' }];
    stage.log.append(toReview(running, start), { artifacts });
    await stage.clock.advance(30_000);
    expect(lastOf()).toMatchObject({ state: 'failed', reason: 'ReviewTimeout' });
    expect(stage.log.entries.at(-1)!.detail.artifacts).toEqual(artifacts);
  });

  test('a requeue without a stored request fails the task as SpecLost', async () => {
    await stage.enter();
    const { running } = startTask();
    stage.log.stored = undefined;
    stage.log.append(waiting(running, 'ProviderError', start + 10, start));
    await stage.clock.advance(10);
    expect(lastOf()).toMatchObject({ state: 'failed', reason: 'SpecLost' });
    expect(stage.log.entries.at(-1)!.detail.error).toMatchObject({ code: 'SpecLost' });
  });

  test('what was overdue before anybody led is moved as soon as somebody does', async () => {
    const { lead } = await stage.enter('controller-1', false);
    stage.log.append(submitted(taskOf()));
    await stage.clock.advance(90_000);
    expect(lastOf().state).toBe('queued');
    await lead(true);
    expect(lastOf()).toMatchObject({ state: 'failed', reason: 'QueueTimeout' });
  });
});

describe('workers', () => {
  test('one that falls silent is lost after the timeout, and its task is queued again in one write', async () => {
    const { lines } = await stage.enter();
    const { claim } = startTask();
    await stage.beating(10_000, () => stage.heartbeats.hear('worker-1', [listed(0, claim)]));
    // The last beat was heard two seconds ago.
    await stage.clock.advance(heartbeatTimeout - 2_001);
    expect(lastOf().state).toBe('running');
    await stage.clock.advance(1);
    expect(lastOf()).toMatchObject({
      state: 'queued',
      lane: 'again',
      reason: 'WorkerLost',
      attempt: 1,
      attemptsLost: 1,
    });
    expect(stage.log.tries).toHaveLength(1);
    expect(lines.map((line) => line['event'])).toEqual(expect.arrayContaining(['worker_lost', 'task_requeued']));
  });

  test('one that was never heard is lost one timeout after its claim was seen', async () => {
    await stage.enter();
    startTask();
    await stage.clock.advance(heartbeatTimeout - 1);
    expect(lastOf().state).toBe('running');
    await stage.clock.advance(1);
    expect(lastOf()).toMatchObject({ state: 'queued', reason: 'WorkerLost' });
  });

  test('one whose connection is gone is lost at once', async () => {
    await stage.enter();
    const { claim } = startTask();
    stage.heartbeats.hear('worker-1', [listed(0, claim)]);
    await stage.clock.advance(100);
    stage.heartbeats.say({ event: 'connectionLost', worker: 'worker-1', reason: 'Client Closed' });
    await settle();
    expect(lastOf()).toMatchObject({ state: 'queued', reason: 'WorkerLost', since: start + 100 });
  });

  test('a claim that is seen only after its worker’s connection has gone is lost at once, too', async () => {
    await stage.enter();
    stage.heartbeats.hear('worker-1');
    await settle();
    stage.heartbeats.say({ event: 'connectionLost', worker: 'worker-1', reason: 'Client Closed' });
    await settle();
    startTask();
    await stage.clock.advance(1);
    expect(lastOf()).toMatchObject({ state: 'queued', reason: 'WorkerLost' });
  });

  test('a task that loses its workers again and again is a poison pill', async () => {
    await stage.enter();
    const of = taskOf({ policy: { ...policy, maxAttempts: 9, maxLostAttempts: 2 } });
    startTask(0, 'worker-1', of);
    await stage.clock.advance(heartbeatTimeout);
    const again = lastOf();
    if (again.state !== 'queued') throw new Error(`expected queued, not ${again.state}`);
    stage.log.append(claimed(again, 'worker-2', 1, stage.clock.now()));
    await stage.clock.advance(heartbeatTimeout);
    expect(lastOf()).toMatchObject({ state: 'failed', reason: 'PoisonPill', attemptsLost: 2 });
  });

  test('the last attempt that is lost fails the task', async () => {
    await stage.enter();
    startTask(0, 'worker-1', taskOf({ policy: { ...policy, maxAttempts: 1 } }));
    await stage.clock.advance(heartbeatTimeout);
    expect(lastOf()).toMatchObject({ state: 'failed', reason: 'WorkerLost' });
  });

  test('one that lives but no longer lists its task has forgotten it', async () => {
    await stage.enter();
    const { claim } = startTask();
    stage.heartbeats.hear('worker-1', [listed(0, claim)], { number: 1 });
    for (const number of [2, 3]) stage.heartbeats.hear('worker-1', [], { number });
    await settle();
    expect(lastOf().state).toBe('running');
    stage.heartbeats.hear('worker-1', [], { number: 4 });
    await settle();
    expect(lastOf()).toMatchObject({ state: 'queued', reason: 'TaskOrphaned' });
  });

  test('is told in answer to each beat of what is no longer its own', async () => {
    await stage.enter();
    const mine = startTask(0);
    const gone = startTask(1);
    stage.log.append(cancelled(gone.running, start));
    await settle();
    const tasks = [listed(0, mine.claim), listed(1, gone.claim), listed(2, 0)];
    stage.heartbeats.hear('worker-1', tasks);
    stage.heartbeats.hear('worker-1', tasks);
    await settle();
    const recall = { job: taskOf().job, task: 1, claim: gone.claim, reason: 'Cancelled' };
    expect(stage.heartbeats.recalled).toEqual([
      { worker: 'worker-1', recall },
      { worker: 'worker-1', recall },
    ]);
  });
});

describe('writes', () => {
  test('of two controllers that both think they lead one is refused, and one message is stored', async () => {
    await stage.enter('controller-1');
    await stage.enter('controller-2');
    stage.log.append(submitted(taskOf()));
    stage.log.mute = true;
    await stage.clock.advance(60_000);
    expect(stage.log.tries.map(({ outcome }) => outcome).sort()).toEqual(['refused', 'written']);
    expect(stage.log.statesOf().map(({ state }) => state)).toEqual(['queued', 'failed']);
  });

  test('one that is refused is decided again on what was there', async () => {
    const { lines } = await stage.enter();
    const { running, claim } = startTask();
    stage.log.append(waiting(running, 'ProviderError', start + 10, start));
    // Somebody is faster, once: the task is in its second attempt and fails for good.
    stage.log.beforeWrite = () => {
      stage.log.beforeWrite = undefined;
      stage.log.mute = true;
      stage.log.append(waiting({ ...running, attempt: 2 }, 'ProviderUnavailable', start + 500, start + 10));
    };
    await stage.clock.advance(499);
    expect(stage.log.tries).toMatchObject([{ expected: claim + 1, outcome: 'refused' }]);
    expect(lines).toContainEqual(expect.objectContaining({ event: 'status_write_refused' }));
    await stage.clock.advance(1);
    expect(stage.log.tries[1]).toMatchObject({ expected: claim + 2, outcome: 'written' });
    expect(lastOf()).toMatchObject({ state: 'queued', attempt: 2, reason: 'RetryDue' });
  });

  test('are never tried twice on what was only seen once', async () => {
    await stage.enter();
    stage.log.append(submitted(taskOf()));
    await settle();
    stage.log.mute = true;
    stage.log.beforeWrite = () => {
      stage.log.beforeWrite = undefined;
      stage.log.append(cancelled(submitted(taskOf()), stage.clock.now()));
    };
    await stage.clock.advance(120_000);
    expect(stage.log.tries).toHaveLength(1);
    expect(lastOf().state).toBe('cancelled');
  });

  test('go on by themselves once NATS answers again', async () => {
    const { lines } = await stage.enter();
    for (let task = 0; task < 3; task += 1) stage.log.append(submitted(taskOf({ task })));
    await stage.clock.advance(59_000);
    stage.log.away = true;
    await stage.clock.advance(30_000);
    expect(stage.log.entries).toHaveLength(3);
    expect(lines).toContainEqual(expect.objectContaining({ event: 'status_write_failed' }));
    stage.log.away = false;
    await stage.clock.advance(30_000);
    for (let task = 0; task < 3; task += 1)
      expect(lastOf(task)).toMatchObject({ state: 'failed', reason: 'QueueTimeout' });
    expect(stage.log.entries).toHaveLength(6);
  });

  test('a standby sees everything and writes nothing', async () => {
    const { controller } = await stage.enter('controller-1', false);
    startTask();
    await stage.clock.advance(200_000);
    expect(controller.leading()).toBe(false);
    expect(controller.ready().ready).toBe(true);
    expect(stage.log.tries).toEqual([]);
  });

  test('a leader that falls behind the stream resigns', async () => {
    const { controller } = await stage.enter();
    startTask();
    await settle();
    stage.log.announce({ event: 'lagging', reason: 'nothing was heard' });
    await stage.clock.advance(5_000);
    expect(controller.leading()).toBe(true);
    await stage.clock.advance(2_000);
    expect(controller.leading()).toBe(false);
    await stage.clock.advance(200_000);
    expect(stage.log.tries).toEqual([]);
  });
});

describe('an outage', () => {
  const beat = (claims: readonly number[]) =>
    claims.forEach((claim, task) => stage.heartbeats.hear(`worker-${task}`, [listed(task, claim)]));

  test('its own disconnect: nobody is judged until one timeout after the reconnect', async () => {
    await stage.enter();
    const { claim } = startTask();
    stage.heartbeats.hear('worker-1', [listed(0, claim)]);
    await settle();
    stage.heartbeats.say({ event: 'observerAway' });
    await stage.clock.advance(30_000);
    stage.heartbeats.say({ event: 'observerBack' });
    await stage.clock.advance(heartbeatTimeout - 1);
    expect(lastOf().state).toBe('running');
    await stage.clock.advance(1_001);
    expect(lastOf()).toMatchObject({ state: 'queued', reason: 'WorkerLost' });
  });

  test('results that waited for the connection land before anything overdue is judged', async () => {
    await stage.enter();
    const { running } = startTask();
    await settle();
    stage.heartbeats.say({ event: 'observerAway' });
    await stage.clock.advance(100_000);
    stage.heartbeats.say({ event: 'observerBack' });
    await stage.clock.advance(3_000);
    expect(stage.log.tries).toEqual([]);
    stage.log.append(succeeded(running, stage.clock.now()));
    await stage.clock.advance(60_000);
    expect(lastOf().state).toBe('succeeded');
    expect(stage.log.tries).toEqual([]);
  });

  test('most of the workers falling silent at once are believed one timeout later', async () => {
    await stage.enter();
    const claims = [0, 1, 2].map((task) => startTask(task, `worker-${task}`).claim);
    await stage.beating(4_000, () => beat(claims));
    // The last beats are two seconds old.
    await stage.clock.advance(heartbeatTimeout + 3_000);
    for (const task of [0, 1, 2]) expect(lastOf(task).state).toBe('running');
    await stage.clock.advance(heartbeatTimeout);
    for (const task of [0, 1, 2]) expect(lastOf(task)).toMatchObject({ state: 'queued', reason: 'WorkerLost' });
  });

  test('one of three that falls silent is no outage', async () => {
    await stage.enter();
    const claims = [0, 1, 2].map((task) => startTask(task, `worker-${task}`).claim);
    await stage.beating(4_000, () => beat(claims));
    await stage.beating(6_000, () => beat(claims.slice(0, 2)));
    expect(lastOf(2)).toMatchObject({ state: 'queued', reason: 'WorkerLost' });
    expect(lastOf(0).state).toBe('running');
  });

  test('a clock that steps by an hour ends nothing before results could land', async () => {
    await stage.enter();
    const { running, claim } = startTask();
    await stage.beating(4_000, () => stage.heartbeats.hear('worker-1', [listed(0, claim)]));
    stage.clock.jump(3_600_000);
    await stage.beating(4_000, () => stage.heartbeats.hear('worker-1', [listed(0, claim)]));
    expect(lastOf().state).toBe('running');
    stage.log.append(succeeded(running, stage.clock.now()));
    await stage.clock.advance(20_000);
    expect(stage.log.tries).toEqual([]);
  });

  test('a process that stood still itself believes no silence', async () => {
    await stage.enter();
    const { claim } = startTask();
    await stage.beating(4_000, () => stage.heartbeats.hear('worker-1', [listed(0, claim)]));
    stage.clock.freeze(20_000);
    await stage.clock.advance(1_000);
    expect(lastOf().state).toBe('running');
    await stage.beating(20_000, () => stage.heartbeats.hear('worker-1', [listed(0, claim)]));
    expect(lastOf().state).toBe('running');
  });

  test('overdue work is judged all the same, fifteen seconds late at most', async () => {
    await stage.enter();
    stage.log.append(submitted(taskOf()));
    await settle();
    // Something keeps failing, again and again.
    for (let passed = 0; passed < 75_000; passed += 1_000) {
      stage.log.away = passed % 2_000 === 0 && passed < 74_000;
      await stage.clock.advance(1_000);
    }
    await stage.clock.advance(31_000);
    expect(lastOf()).toMatchObject({ state: 'failed', reason: 'QueueTimeout' });
  });
});

test('a failure that the worker reports leads to nothing but what is due', async () => {
  await stage.enter();
  const { running } = startTask();
  stage.log.append(afterFailure(running, taskError('PromptRefused', 'no'), start, 0.5).state);
  await stage.clock.advance(300_000);
  expect(stage.log.tries).toEqual([]);
});
