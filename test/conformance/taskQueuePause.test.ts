// The contract of every task queue for a pause: no worker gets tasks of the pool while it lasts.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryAdapter, natsAdapter, type LogInstallation } from './jobLogAdapters.ts';
import { submitOne } from '../support/steps.ts';

describe.each([memoryAdapter, natsAdapter()])('a paused pool ($name)', (adapter) => {
  let world: LogInstallation;
  let stop: AbortController;
  beforeEach(async () => {
    world = await adapter.open();
    stop = new AbortController();
    await world.queue.ensurePool('default');
  });
  afterEach(async () => {
    stop.abort();
    await world[Symbol.asyncDispose]();
  });

  /** The sequences delivered within this time, ms. */
  const comesWithin = async (ms: number): Promise<readonly number[]> => {
    const deliveries = await world.queue.claimable('default', 5, AbortSignal.timeout(ms));
    for (const delivery of deliveries) delivery.giveBack(0);
    return deliveries.map(({ entry }) => entry.sequence);
  };

  it('delivers nothing, old or new, until any process resumes it', async () => {
    const before = await submitOne(world.log);
    expect(await world.queue.paused('default')).toBeUndefined();
    await world.other.queue.pause('default');
    expect(await world.queue.paused('default')).toEqual({ until: null });
    const after = await submitOne(world.log);
    expect(await comesWithin(300)).toEqual([]);
    expect(await world.queue.depth('default')).toMatchObject({ lanes: { normal: 2 } });

    const waiting = world.queue.claimable('default', 5, stop.signal);
    await world.other.queue.resume('default');
    expect(await world.queue.paused('default')).toBeUndefined();
    const got = [...(await waiting)];
    while (got.length < 2) got.push(...(await world.queue.claimable('default', 5, stop.signal)));
    expect(got.map(({ entry }) => entry.sequence)).toEqual([before.sequence, after.sequence]);
  });

  it('ends by itself at the given time', async () => {
    const spec = await submitOne(world.log);
    const until = Date.now() + 1_500;
    await world.queue.pause('default', until);
    expect(await world.queue.paused('default')).toEqual({ until });
    const [delivery] = await world.queue.claimable('default', 5, stop.signal);
    expect(delivery!.entry.sequence).toBe(spec.sequence);
    expect(Date.now()).toBeGreaterThanOrEqual(until);
    expect(await world.queue.paused('default')).toBeUndefined();
  });

  it('holds back redeliveries, and lasts when the controller checks the consumers', async () => {
    await submitOne(world.log);
    const [delivery] = await world.queue.claimable('default', 1, stop.signal);
    await world.queue.pause('default');
    delivery!.giveBack(0);
    await world.other.queue.ensurePool('default');
    expect(await comesWithin(300)).toEqual([]);
    expect(await world.queue.paused('default')).toEqual({ until: null });
  });

  it('affects one pool only, and resuming without a pause is harmless', async () => {
    await world.queue.ensurePool('other');
    await world.queue.pause('other');
    await world.queue.resume('default');
    const spec = await submitOne(world.log);
    expect(await comesWithin(5_000)).toEqual([spec.sequence]);
  });

  it('requires an existing pool', async () => {
    await expect(world.queue.pause('nowhere')).rejects.toMatchObject({ code: 'Unavailable' });
    expect(await world.queue.paused('nowhere')).toBeUndefined();
  });
});
