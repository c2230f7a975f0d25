// How the controller writes: fenced, never twice on one observation, only as the leader, and again once NATS answers.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cancelled, submitted, waiting } from '../../../src/job/transitions.ts';
import { start } from '../../fakes/tasks.ts';
import { settle } from '../../fakes/clock.ts';
import { taskOf, Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.close());

describe('writes', () => {
  test('if two controllers both believe they lead, one write is refused and one is stored', async () => {
    await stage.startController('controller-1');
    await stage.startController('controller-2');
    stage.log.append(submitted(taskOf()));
    stage.log.mute = true;
    await stage.clock.advance(60_000);
    expect(stage.log.tries.map(({ outcome }) => outcome).sort()).toEqual(['refused', 'written']);
    expect(stage.log.statesOf().map(({ state }) => state)).toEqual(['queued', 'failed']);
  });

  test('after a refused write, the decision is made again on the actual last message', async () => {
    const { lines } = await stage.startController();
    const { running, claim } = stage.startTask();
    stage.log.append(waiting(running, 'ProviderError', start + 10, start));
    // Another writer is faster once: the task is in its second attempt and fails permanently.
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
    expect(stage.log.lastOf()).toMatchObject({ state: 'queued', attempt: 2, reason: 'RetryDue' });
  });

  test('are never attempted twice on the same observation', async () => {
    await stage.startController();
    stage.log.append(submitted(taskOf()));
    await settle();
    stage.log.mute = true;
    stage.log.beforeWrite = () => {
      stage.log.beforeWrite = undefined;
      stage.log.append(cancelled(submitted(taskOf()), stage.clock.now()));
    };
    await stage.clock.advance(120_000);
    expect(stage.log.tries).toHaveLength(1);
    expect(stage.log.lastOf().state).toBe('cancelled');
  });

  test('after a lost answer, the last message is read from the stream leader before the next attempt', async () => {
    await stage.startController();
    stage.log.append(submitted(taskOf()));
    await settle();
    stage.log.mute = true;
    stage.log.timesOutOnce = true;
    await stage.clock.advance(120_000);
    expect(stage.log.tries).toHaveLength(1);
    expect(stage.log.lastOf()).toMatchObject({ state: 'failed', reason: 'QueueTimeout' });
  });

  test('resume once NATS answers again', async () => {
    const { lines } = await stage.startController();
    for (let task = 0; task < 3; task += 1) stage.log.append(submitted(taskOf({ task })));
    await stage.clock.advance(59_000);
    stage.log.away = true;
    await stage.clock.advance(30_000);
    expect(stage.log.entries).toHaveLength(3);
    expect(lines).toContainEqual(expect.objectContaining({ event: 'status_write_failed' }));
    stage.log.away = false;
    await stage.clock.advance(30_000);
    for (let task = 0; task < 3; task += 1)
      expect(stage.log.lastOf(task)).toMatchObject({ state: 'failed', reason: 'QueueTimeout' });
    expect(stage.log.entries).toHaveLength(6);
  });

  test('a standby follows everything and writes nothing', async () => {
    const { controller } = await stage.startController('controller-1', false);
    stage.startTask();
    await stage.clock.advance(200_000);
    expect(controller.leading()).toBe(false);
    expect(controller.ready().ready).toBe(true);
    expect(stage.log.tries).toEqual([]);
  });

  test('a leader that falls behind the stream resigns', async () => {
    const { controller } = await stage.startController();
    stage.startTask();
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
