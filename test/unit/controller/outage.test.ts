// How the controller decides while it cannot trust its observations.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { submitted, succeeded } from '../../../src/job/transitions.ts';
import { settle } from '../../fakes/clock.ts';
import { heartbeatTimeout, listed, policy, taskOf, Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.close());

describe('an outage', () => {
  const beat = (claims: readonly number[]) =>
    claims.forEach((claim, task) => stage.heartbeats.hear(`worker-${task}`, [listed(task, claim)]));

  test('after its own disconnect, no worker is considered lost until one timeout after the reconnect', async () => {
    await stage.startController();
    const { claim } = stage.startTask();
    stage.heartbeats.hear('worker-1', [listed(0, claim)]);
    await settle();
    stage.heartbeats.emit({ event: 'observerDisconnected' });
    await stage.clock.advance(30_000);
    stage.heartbeats.emit({ event: 'observerReconnected' });
    await stage.clock.advance(heartbeatTimeout - 1);
    expect(stage.log.lastOf().state).toBe('running');
    await stage.clock.advance(1_001);
    expect(stage.log.lastOf()).toMatchObject({ state: 'queued', reason: 'WorkerLost' });
  });

  test('results that waited for the connection are stored before overdue tasks are reconciled', async () => {
    await stage.startController();
    const { running } = stage.startTask();
    await settle();
    stage.heartbeats.emit({ event: 'observerDisconnected' });
    await stage.clock.advance(100_000);
    stage.heartbeats.emit({ event: 'observerReconnected' });
    await stage.clock.advance(3_000);
    expect(stage.log.tries).toEqual([]);
    stage.log.append(succeeded(running, stage.clock.now()));
    await stage.clock.advance(60_000);
    expect(stage.log.lastOf().state).toBe('succeeded');
    expect(stage.log.tries).toEqual([]);
  });

  test('it does not end while the stream does not answer, because results cannot be stored yet', async () => {
    await stage.startController();
    const { running } = stage.startTask();
    stage.heartbeats.emit({ event: 'observerDisconnected' });
    await stage.clock.advance(100_000);
    stage.heartbeats.emit({ event: 'observerReconnected' });
    await stage.clock.advance(heartbeatTimeout - 2_000);
    stage.log.announce({ event: 'lagging', reason: 'The stream does not answer' });
    await stage.clock.advance(4_000);
    stage.log.announce({
      event: 'caughtUp',
      position: { epoch: stage.log.stream.epoch, sequence: stage.log.entries.length },
    });
    await stage.clock.advance(1_000);
    expect(stage.log.tries).toEqual([]);
    stage.log.append(succeeded(running, stage.clock.now()));
    await stage.clock.advance(60_000);
    expect(stage.log.tries).toEqual([]);
  });

  test('a task that becomes overdue during it is reconciled as soon as it ends', async () => {
    await stage.startController();
    stage.log.append(submitted(taskOf({ policy: { ...policy, queueTimeout: 4_000 } })));
    await stage.clock.advance(3_500);
    stage.heartbeats.emit({ event: 'observerDisconnected' });
    await stage.clock.advance(1_000);
    stage.heartbeats.emit({ event: 'observerReconnected' });
    await stage.clock.advance(heartbeatTimeout - 1);
    expect(stage.log.lastOf().state).toBe('queued');
    await stage.clock.advance(1_001);
    expect(stage.log.lastOf()).toMatchObject({ state: 'failed', reason: 'QueueTimeout' });
  });

  test('if most workers fall silent together, they are considered lost one timeout later', async () => {
    await stage.startController();
    const claims = [0, 1, 2].map((task) => stage.startTask(task, `worker-${task}`).claim);
    await stage.advanceWithHeartbeats(4_000, () => beat(claims));
    // The last heartbeats are two seconds old.
    await stage.clock.advance(heartbeatTimeout + 3_000);
    for (const task of [0, 1, 2]) expect(stage.log.lastOf(task).state).toBe('running');
    await stage.clock.advance(heartbeatTimeout);
    for (const task of [0, 1, 2])
      expect(stage.log.lastOf(task)).toMatchObject({ state: 'queued', reason: 'WorkerLost' });
  });

  test('is not declared when one of three workers falls silent', async () => {
    await stage.startController();
    const claims = [0, 1, 2].map((task) => stage.startTask(task, `worker-${task}`).claim);
    await stage.advanceWithHeartbeats(4_000, () => beat(claims));
    await stage.advanceWithHeartbeats(6_000, () => beat(claims.slice(0, 2)));
    expect(stage.log.lastOf(2)).toMatchObject({ state: 'queued', reason: 'WorkerLost' });
    expect(stage.log.lastOf(0).state).toBe('running');
  });

  test('after an unanswered write, no silent worker is considered lost for one timeout', async () => {
    await stage.startController();
    stage.startTask(0);
    stage.log.append(submitted(taskOf({ task: 1, policy: { ...policy, queueTimeout: 4_000 } })));
    await settle();
    stage.log.away = true;
    await stage.clock.advance(4_100);
    stage.log.away = false;
    await stage.clock.advance(heartbeatTimeout - 500);
    expect(stage.log.lastOf(0).state).toBe('running');
    await stage.clock.advance(2_500);
    expect(stage.log.lastOf(0)).toMatchObject({ state: 'queued', reason: 'WorkerLost' });
  });

  test('a clock that jumps by an hour ends no task before results can be stored', async () => {
    await stage.startController();
    const { running, claim } = stage.startTask();
    await stage.advanceWithHeartbeats(4_000, () => stage.heartbeats.hear('worker-1', [listed(0, claim)]));
    stage.clock.jump(3_600_000);
    await stage.advanceWithHeartbeats(4_000, () => stage.heartbeats.hear('worker-1', [listed(0, claim)]));
    expect(stage.log.lastOf().state).toBe('running');
    stage.log.append(succeeded(running, stage.clock.now()));
    await stage.clock.advance(20_000);
    expect(stage.log.tries).toEqual([]);
  });

  test('a process that was suspended considers no silent worker lost', async () => {
    await stage.startController();
    const { claim } = stage.startTask();
    await stage.advanceWithHeartbeats(4_000, () => stage.heartbeats.hear('worker-1', [listed(0, claim)]));
    stage.clock.skip(20_000);
    await stage.clock.advance(1_000);
    expect(stage.log.lastOf().state).toBe('running');
    await stage.advanceWithHeartbeats(20_000, () => stage.heartbeats.hear('worker-1', [listed(0, claim)]));
    expect(stage.log.lastOf().state).toBe('running');
  });

  test('overdue tasks are still reconciled, at most fifteen seconds late', async () => {
    await stage.startController();
    stage.log.append(submitted(taskOf()));
    await settle();
    // Writes keep failing.
    for (let passed = 0; passed < 75_000; passed += 1_000) {
      stage.log.away = passed % 2_000 === 0 && passed < 74_000;
      await stage.clock.advance(1_000);
    }
    await stage.clock.advance(31_000);
    expect(stage.log.lastOf()).toMatchObject({ state: 'failed', reason: 'QueueTimeout' });
  });
});
