// How the controller handles workers that are lost, forget a task, or no longer own it.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cancelled, claimed } from '../../../src/job/transitions.ts';
import { start } from '../../fakes/tasks.ts';
import { settle } from '../../fakes/clock.ts';
import { heartbeatTimeout, listed, policy, taskOf, Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.close());

describe('workers', () => {
  test('one that falls silent is lost after the timeout, and its task is requeued in one write', async () => {
    const { lines } = await stage.startController();
    const { claim } = stage.startTask();
    await stage.advanceWithHeartbeats(10_000, () => stage.heartbeats.hear('worker-1', [listed(0, claim)]));
    // The last heartbeat arrived two seconds ago.
    await stage.clock.advance(heartbeatTimeout - 2_001);
    expect(stage.log.lastOf().state).toBe('running');
    await stage.clock.advance(1);
    expect(stage.log.lastOf()).toMatchObject({
      state: 'queued',
      lane: 'again',
      reason: 'WorkerLost',
      attempt: 1,
      attemptsLost: 1,
    });
    expect(stage.log.tries).toHaveLength(1);
    expect(lines.filter(({ job }) => job !== undefined).map(({ event, msg }) => [event, msg])).toEqual([
      ['worker_lost', 'Worker worker-1 sent no heartbeat for 6.0 s'],
      ['task_requeued', 'Requeued after attempt 1 of 3'],
    ]);
  });

  test('one that has stopped and left its task is no warning', async () => {
    const { lines } = await stage.startController();
    const { claim } = stage.startTask();
    stage.heartbeats.hear('worker-1', [listed(0, claim)]);
    stage.heartbeats.hear('worker-1', [], { draining: true, stopped: true });
    stage.heartbeats.emit({ event: 'connectionLost', worker: 'worker-1', reason: 'Client Closed' });
    await settle();
    expect(stage.log.lastOf()).toMatchObject({ state: 'queued', reason: 'WorkerLost' });
    const events = lines.map(({ event, level }) => [event, level]);
    expect(events).toContainEqual(['worker_left', 30]);
    expect(events.map(([event]) => event)).not.toContain('worker_lost');
  });

  test('one that never sends a heartbeat is lost one timeout after its claim was seen', async () => {
    await stage.startController();
    stage.startTask();
    await stage.clock.advance(heartbeatTimeout - 1);
    expect(stage.log.lastOf().state).toBe('running');
    await stage.clock.advance(1);
    expect(stage.log.lastOf()).toMatchObject({ state: 'queued', reason: 'WorkerLost' });
  });

  test('one with a lost connection is lost immediately', async () => {
    await stage.startController();
    const { claim } = stage.startTask();
    stage.heartbeats.hear('worker-1', [listed(0, claim)]);
    await stage.clock.advance(100);
    stage.heartbeats.emit({ event: 'connectionLost', worker: 'worker-1', reason: 'Client Closed' });
    await settle();
    expect(stage.log.lastOf()).toMatchObject({ state: 'queued', reason: 'WorkerLost', since: start + 100 });
  });

  test("a claim that is seen only after its worker's connection was lost is requeued immediately, too", async () => {
    await stage.startController();
    stage.heartbeats.hear('worker-1');
    await settle();
    stage.heartbeats.emit({ event: 'connectionLost', worker: 'worker-1', reason: 'Client Closed' });
    await settle();
    stage.startTask();
    await stage.clock.advance(1);
    expect(stage.log.lastOf()).toMatchObject({ state: 'queued', reason: 'WorkerLost' });
  });

  test('one with a connection that was lost before this process disconnected may have reconnected unnoticed', async () => {
    await stage.startController();
    stage.heartbeats.hear('worker-1');
    await settle();
    stage.heartbeats.emit({ event: 'connectionLost', worker: 'worker-1', reason: 'Client Closed' });
    stage.heartbeats.emit({ event: 'observerDisconnected' });
    await stage.clock.advance(20_000);
    stage.heartbeats.emit({ event: 'observerReconnected' });
    await stage.clock.advance(100);
    const { claim } = stage.startTask();
    await stage.clock.advance(1_500);
    expect(stage.log.lastOf().state).toBe('running');
    await stage.advanceWithHeartbeats(10_000, () => stage.heartbeats.hear('worker-1', [listed(0, claim)]));
    expect(stage.log.lastOf().state).toBe('running');
  });

  test('one with a connection that is lost while this process is disconnected is lost after the outage', async () => {
    await stage.startController();
    const { claim } = stage.startTask();
    stage.heartbeats.hear('worker-1', [listed(0, claim)]);
    stage.heartbeats.emit({ event: 'observerDisconnected' });
    stage.heartbeats.emit({ event: 'connectionLost', worker: 'worker-1', reason: 'Client Closed' });
    stage.heartbeats.emit({ event: 'observerReconnected' });
    await stage.clock.advance(1_000);
    expect(stage.log.lastOf().state).toBe('running');
    await stage.clock.advance(heartbeatTimeout);
    expect(stage.log.lastOf()).toMatchObject({ state: 'queued', reason: 'WorkerLost' });
  });

  test('a task that loses its workers again and again is a poison pill', async () => {
    await stage.startController();
    const of = taskOf({ policy: { ...policy, maxAttempts: 9, maxLostAttempts: 2 } });
    stage.startTask(0, 'worker-1', of);
    await stage.clock.advance(heartbeatTimeout);
    const again = stage.log.lastOf();
    if (again.state !== 'queued') throw new Error(`expected queued, not ${again.state}`);
    stage.log.append(claimed(again, 'worker-2', 1, stage.clock.now()));
    await stage.clock.advance(heartbeatTimeout);
    expect(stage.log.lastOf()).toMatchObject({ state: 'failed', reason: 'PoisonPill', attemptsLost: 2 });
  });

  test('losing the last attempt fails the task', async () => {
    await stage.startController();
    stage.startTask(0, 'worker-1', taskOf({ policy: { ...policy, maxAttempts: 1 } }));
    await stage.clock.advance(heartbeatTimeout);
    expect(stage.log.lastOf()).toMatchObject({ state: 'failed', reason: 'WorkerLost' });
  });

  test('one that is alive but no longer lists its task has forgotten it', async () => {
    await stage.startController();
    const { claim } = stage.startTask();
    stage.heartbeats.hear('worker-1', [listed(0, claim)], { number: 1 });
    for (const number of [2, 3]) stage.heartbeats.hear('worker-1', [], { number });
    await settle();
    expect(stage.log.lastOf().state).toBe('running');
    stage.heartbeats.hear('worker-1', [], { number: 4 });
    await settle();
    expect(stage.log.lastOf()).toMatchObject({ state: 'queued', reason: 'TaskOrphaned' });
  });

  test('one that lists a task that it no longer owns receives a cancellation after each heartbeat', async () => {
    await stage.startController();
    const mine = stage.startTask(0);
    const ended = stage.startTask(1);
    stage.log.append(cancelled(ended.running, start));
    await settle();
    const tasks = [listed(0, mine.claim), listed(1, ended.claim), listed(2, 0)];
    stage.heartbeats.hear('worker-1', tasks);
    stage.heartbeats.hear('worker-1', tasks);
    await settle();
    const cancellation = { job: taskOf().job, task: 1, claim: ended.claim, reason: 'Cancelled' };
    expect(stage.heartbeats.sentCancellations).toEqual([
      { worker: 'worker-1', cancellation },
      { worker: 'worker-1', cancellation },
    ]);
  });
});
