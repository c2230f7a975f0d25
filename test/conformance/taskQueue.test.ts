// The contract of every task queue: it offers each spec by lane until a worker acknowledges it, and nothing while the pool is
// paused.

import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Lane } from '../../src/job/task.ts';
import type { Delivery } from '../../src/ports/taskQueue.ts';
import { memoryAdapter, natsAdapter, type LogInstallation } from './jobLogAdapters.ts';
import { claim, requeue, stored, submitOne, write } from '../support/steps.ts';
import { aJob } from '../fakes/tasks.ts';

describe.each([memoryAdapter, natsAdapter()])('task queue ($name)', (adapter) => {
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

  const take = (atMost: number, from = world): Promise<readonly Delivery[]> =>
    from.queue.claimable('default', atMost, stop.signal);

  /** Takes until there are as many. */
  const takeAll = async (count: number): Promise<Delivery[]> => {
    const all: Delivery[] = [];
    while (all.length < count) all.push(...(await take(count - all.length)));
    return all;
  };

  it('delivers earlier and later submits, with their requests', async () => {
    const before = stored(await world.log.submit(aJob(3)));
    const first = await takeAll(3);
    expect(first.map(({ entry }) => entry.sequence).toSorted((a, b) => a - b)).toEqual(
      before.map(({ sequence }) => sequence),
    );
    expect(first[0]).toMatchObject({ redelivered: false, entry: { detail: { request: { metadata: {} } } } });
    const waiting = take(10);
    const later = await submitOne(world.log);
    expect((await waiting).map(({ entry }) => entry.sequence)).toEqual([later.sequence]);
  });

  it('never delivers more than requested', async () => {
    stored(await world.log.submit(aJob(20)));
    expect(await take(1)).toHaveLength(1);
    expect((await take(7)).length).toBeLessThanOrEqual(7);
  });

  it('a standing pull delivers the next submit, again and again', async () => {
    for (let round = 0; round < 30; round += 1) {
      const waiting = take(1);
      const spec = await submitOne(world.log);
      const [delivery] = await waiting;
      expect(delivery!.entry.sequence).toBe(spec.sequence);
      expect(delivery!.redelivered).toBe(false);
      delivery!.ack();
    }
  });

  it('serves `again` first, then high : normal : low as 6 : 3 : 1', async () => {
    for (const priority of ['low', 'normal', 'high'] as const) stored(await world.log.submit(aJob(40, { priority })));
    const old = await submitOne(world.log);
    const running = await write(world.log, claim(old), old.sequence);
    await write(world.log, requeue(running, 'lost'), running.sequence);
    const served = (await takeAll(51)).map(({ entry }) => entry.state.lane);
    expect(served[0]).toBe('again');
    const count = (lane: Lane): number => served.filter((one) => one === lane).length;
    expect([count('high'), count('normal'), count('low')]).toEqual([30, 15, 5]);
  });

  it('keeps the weights when tasks are taken one at a time', async () => {
    for (const priority of ['low', 'normal', 'high'] as const) stored(await world.log.submit(aJob(30, { priority })));
    const served: Lane[] = [];
    for (let turn = 0; turn < 20; turn += 1) served.push((await take(1))[0]!.entry.state.lane);
    expect(served.filter((lane) => lane === 'high')).toHaveLength(12);
    expect(served.filter((lane) => lane === 'low')).toHaveLength(2);
  });

  it('does not delay new work in an empty lane for a lane that has more', async () => {
    stored(await world.log.submit(aJob(60, { priority: 'normal' })));
    await takeAll(10);
    const urgent = stored(await world.log.submit(aJob(1, { priority: 'high' })))[0]!;
    const next = await takeAll(10);
    expect(next.map(({ entry }) => entry.sequence)).toContain(urgent.sequence);
  });

  it('delivers again after 5 s without an acknowledgement, and not while the delivery is extended', async () => {
    const [lost, done, extended] = stored(await world.log.submit(aJob(3)));
    const deliveries = await takeAll(3);
    const delivery = (of: { sequence: number }) => deliveries.find(({ entry }) => entry.sequence === of.sequence)!;
    delivery(done!).ack();
    const extending = setInterval(() => delivery(extended!).working(), 1_000);
    onTestFinished(() => clearInterval(extending));
    const [again] = await take(1);
    // Both would come at the same moment.
    const others = await world.queue.claimable('default', 1, AbortSignal.timeout(500));
    expect(others).toEqual([]);
    delivery(extended!).ack();
    expect(again!.entry.sequence).toBe(lost!.sequence);
    expect(again!.redelivered).toBe(true);
    again!.ack();
  });

  it('offers a given-back task after its delay, and not before', async () => {
    const spec = await submitOne(world.log);
    const [delivery] = await take(1);
    const asked = performance.now();
    delivery!.nak(400);
    const [again] = await take(1);
    expect(again!.entry.sequence).toBe(spec.sequence);
    expect(again!.redelivered).toBe(true);
    expect(performance.now() - asked).toBeGreaterThan(350);
  });

  it('a redelivered old spec cannot be claimed, and its acknowledgement removes it', async () => {
    const spec = await submitOne(world.log);
    const [delivery] = await take(1);
    const running = await write(world.log, claim(spec), spec.sequence);
    const requeued = await write(world.log, requeue(running, 'lost'), running.sequence);
    delivery!.nak(0);
    const both = await takeAll(2);
    const stale = both.find(({ entry }) => entry.sequence === spec.sequence)!;
    expect(stale.redelivered).toBe(true);
    expect((await world.log.write(claim(spec), spec.sequence)).outcome).toBe('refused');
    stale.ack();
    const fresh = both.find(({ entry }) => entry.sequence === requeued.sequence)!;
    expect((await world.log.write(claim(fresh.entry), fresh.entry.sequence)).outcome).toBe('written');
    fresh.ack();
    await expect.poll(() => world.queue.depth('default')).toMatchObject({ unacknowledged: 0 });
  });

  it('gives back a message of a newer schema', async () => {
    await world.putNewer(aJob(1)[0]!);
    const spec = await submitOne(world.log);
    const deliveries = await takeAll(1);
    expect(deliveries.map(({ entry }) => entry.sequence)).toEqual([spec.sequence]);
    deliveries[0]!.ack();
    await expect.poll(() => world.skipped).toEqual(['newerSchema']);
    // Not acknowledged: a newer process will have it.
    await expect.poll(() => world.queue.depth('default')).toMatchObject({ unacknowledged: 1 });
  });

  it('keeps waiting after a message of a newer schema, from a poll or a standing pull', async () => {
    const waiting = take(1);
    // On NATS the lane is found empty first, so that a standing pull brings the message and is spent.
    await pause(300);
    await world.putNewer(aJob(1)[0]!);
    await expect.poll(() => world.skipped).toEqual(['newerSchema']);
    const spec = await submitOne(world.log);
    expect((await waiting).map(({ entry }) => entry.sequence)).toEqual([spec.sequence]);
  });

  it('waits for a pool that the controller has not created yet', async () => {
    const waiting = world.queue.claimable('later', 5, stop.signal);
    const [spec] = stored(await world.log.submit(aJob(1, { pool: 'later' })));
    await world.other.queue.ensurePool('later');
    await world.other.queue.ensurePool('later');
    expect((await waiting)[0]!.entry.sequence).toBe(spec!.sequence);
  });

  it('resolves with an empty list after an abort', async () => {
    const waiting = take(5);
    stop.abort();
    expect(await waiting).toEqual([]);
    expect(await take(5)).toEqual([]);
  });

  it('a delivery after an abort goes to the next caller', async () => {
    const impatient = new AbortController();
    const given = world.queue.claimable('default', 1, impatient.signal);
    const submitting = submitOne(world.log);
    impatient.abort();
    await given;
    const spec = await submitting;
    const deliveries = [...(await given), ...((await given).length === 0 ? await take(1) : [])];
    expect(deliveries.map(({ entry }) => entry.sequence)).toEqual([spec.sequence]);
  });

  it('serves several waiting callers, each spec once', async () => {
    const waiting = Array.from({ length: 8 }, () => take(2));
    stored(await world.log.submit(aJob(30)));
    const sequences = (await Promise.all(waiting)).flat().map(({ entry }) => entry.sequence);
    expect(new Set(sequences).size).toBe(sequences.length);
    expect(sequences.length).toBeGreaterThanOrEqual(8);
  });

  it('reports up to which sequence each lane is acknowledged', async () => {
    const [first, second] = stored(await world.log.submit(aJob(2)));
    const [one, two] = await takeAll(2);
    const normal = async (): Promise<number> => (await world.queue.ackFloors('default'))({ lane: 'normal' });
    expect(await normal()).toBeLessThan(first!.sequence);
    one!.ack();
    await expect.poll(normal).toBeGreaterThanOrEqual(first!.sequence);
    expect(await normal()).toBeLessThan(second!.sequence);
    two!.ack();
    await expect.poll(normal).toBeGreaterThanOrEqual(second!.sequence);
    const unheard = await world.queue.ackFloors('unheard-of');
    expect([unheard({ lane: 'again' }), unheard({ lane: 'normal' }), unheard({ lane: 'low', part: 7 })]).toEqual([
      0, 0, 0,
    ]);
  });

  it('reports the depth of each lane', async () => {
    stored(await world.log.submit(aJob(4, { priority: 'low' })));
    stored(await world.log.submit(aJob(3, { priority: 'high' })));
    expect(await world.queue.depth('default')).toEqual({
      lanes: { again: 0, high: 3, normal: 0, low: 4, guest: 0 },
      unacknowledged: 0,
    });
    for (const delivery of await takeAll(7)) delivery.ack();
    await expect
      .poll(() => world.queue.depth('default'))
      .toEqual({ lanes: { again: 0, high: 0, normal: 0, low: 0, guest: 0 }, unacknowledged: 0 });
  });

  describe('a paused pool', () => {
    /** The sequences delivered within this time, ms. */
    const comesWithin = async (ms: number): Promise<readonly number[]> => {
      const deliveries = await world.queue.claimable('default', 5, AbortSignal.timeout(ms));
      for (const delivery of deliveries) delivery.nak(0);
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

    it('ends automatically at the given time', async () => {
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
      delivery!.nak(0);
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
});
