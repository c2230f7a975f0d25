// Where followers start: every open task has a message from there on or is named, and old stragglers do not hold the watermark back.

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { watermarkOf } from '../../../src/controller/watermark.ts';
import { submitted, succeeded, toReview } from '../../../src/job/transitions.ts';
import { start } from '../../fakes/tasks.ts';
import { settle } from '../../fakes/clock.ts';
import { Stage, taskOf } from './stage.ts';

describe('the watermark', () => {
  test('is the end of the stream if no task is open', () => {
    expect(watermarkOf([], 500)).toBe(500);
  });

  test('is the oldest open task if skipping it would save little', () => {
    expect(watermarkOf([490, 495], 500)).toBe(490);
  });

  test('skips stragglers if that saves a long replay', () => {
    expect(watermarkOf([5, 7, 1_000_000, 1_000_010], 1_000_020)).toBe(1_000_000);
    expect(watermarkOf([5], 1_000_000)).toBe(1_000_000);
  });

  test('never skips more than a thousand tasks, nor more than the replay is worth', () => {
    const most = 10 ** 7;
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: most }), { maxLength: 3_000 }), (open) => {
        const mark = watermarkOf(open, most + 1);
        const oldest = Math.min(...open, most + 1);
        const behind = open.filter((sequence) => sequence < mark).length;
        expect(behind).toBeLessThanOrEqual(1_000);
        expect(mark - oldest).toBeGreaterThanOrEqual(behind * 100);
      }),
      { numRuns: 50 },
    );
  });
});

describe('the leader', () => {
  let stage: Stage;
  beforeEach(() => {
    stage = new Stage();
  });
  afterEach(() => stage.close());

  test('saves it as tasks finish', async () => {
    await stage.startController();
    const one = stage.startTask(0);
    const two = stage.startTask(1);
    await stage.clock.advance(100);
    await stage.advanceWithHeartbeats(6_000, () => stage.heartbeats.hear('worker-1'));
    expect(stage.log.kept).toEqual({ epoch: stage.log.stream.epoch, sequence: one.claim, stragglers: [] });
    stage.log.append(succeeded(one.running, start));
    await stage.clock.advance(5_000);
    expect(stage.log.kept).toMatchObject({ sequence: two.claim });
  });

  test('names an old task in review that would hold it back', async () => {
    await stage.startController();
    const { running } = stage.startTask(0);
    stage.log.append(toReview(running, start));
    for (let count = 0; count < 300; count += 1) {
      const of = taskOf({ job: `0000000000000000000000${String(count).padStart(4, '0')}`, task: 0, total: 1 });
      stage.log.append(submitted(of));
      stage.log.append(succeeded(stage.startTask(0, 'worker-1', of).running, start));
    }
    await stage.clock.advance(5_000);
    const end = stage.log.entries.length + 1;
    expect(stage.log.kept).toEqual({
      epoch: stage.log.stream.epoch,
      sequence: end,
      stragglers: [{ pool: 'default', job: taskOf().job, task: 0 }],
    });
  });

  test('never passes a message of a newer schema, which may be an open task', async () => {
    await stage.startController();
    const { running } = stage.startTask(0);
    stage.log.append(succeeded(running, start));
    stage.log.announce({ event: 'newer', sequence: 2 });
    await stage.clock.advance(5_000);
    expect(stage.log.kept).toEqual({ epoch: stage.log.stream.epoch, sequence: 2, stragglers: [] });
  });

  test('does not save one while its index is not current, and a standby never does', async () => {
    await stage.startController('standby', false);
    stage.startTask(0);
    await stage.clock.advance(10_000);
    expect(stage.log.kept).toBeUndefined();
    const { lead } = await stage.startController('leader', false);
    stage.log.announce({ event: 'lagging', reason: 'nothing was heard' });
    await lead(true);
    await stage.clock.advance(4_000);
    await settle();
    expect(stage.log.kept).toBeUndefined();
  });
});
