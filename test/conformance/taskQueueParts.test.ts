// The contract of every task queue for tenant parts: they take turns, and a part whose tasks may not start is left alone.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inPart } from '../../src/job/parts.ts';
import type { SpecWrite } from '../../src/job/task.ts';
import type { Delivery, Room } from '../../src/ports/taskQueue.ts';
import { memoryAdapter, natsAdapter, type LogInstallation } from './jobLogAdapters.ts';
import { stored } from '../support/steps.ts';
import { aJob, type IdentityOverrides } from '../fakes/tasks.ts';

describe.each([memoryAdapter, natsAdapter()])('task queue, tenant parts ($name)', (adapter) => {
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

  const jobIn = (part: number | undefined, count: number, over: IdentityOverrides = {}): SpecWrite[] =>
    aJob(count, over).map(({ state, detail }) => ({ state: inPart(state, part), detail }));

  const submit = async (part: number | undefined, count: number, over: IdentityOverrides = {}) =>
    stored(await world.log.submit(jobIn(part, count, over)));

  const take = (atMost: number, room?: Room): Promise<readonly Delivery[]> =>
    world.queue.claimable('default', atMost, stop.signal, room);

  const takeAll = async (count: number, room?: Room): Promise<Delivery[]> => {
    const all: Delivery[] = [];
    while (all.length < count && !stop.signal.aborted) all.push(...(await take(count - all.length, room)));
    return all;
  };

  const tenantsOf = (deliveries: readonly Delivery[]) => deliveries.map(({ entry }) => entry.state.of.tenant);
  const countOf = (deliveries: readonly Delivery[], tenant: string): number =>
    tenantsOf(deliveries).filter((one) => one === tenant).length;

  it('delivers from every tenant part, and counts it as part of its lane', async () => {
    for (const priority of ['high', 'normal', 'low'] as const)
      for (let part = 1; part <= 7; part += 1) await submit(part, 1, { priority });
    expect(await world.queue.depth('default')).toMatchObject({ lanes: { high: 7, normal: 7, low: 7 } });
    const deliveries = await takeAll(21);
    expect(new Set(deliveries.map(({ entry: { state } }) => `${state.lane}-${state.part}`)).size).toBe(21);
    for (const delivery of deliveries) delivery.ack();
    await expect.poll(() => world.queue.depth('default')).toMatchObject({ unacknowledged: 0 });
  });

  it('starts a task in a tenant part of an idle pool at once, again and again', async () => {
    const waiting = take(1);
    await submit(undefined, 1);
    (await waiting)[0]!.ack();
    for (let part = 1; part <= 7; part += 1) {
      const next = take(1);
      const [spec] = await submit(part, 1);
      const [delivery] = await next;
      expect(delivery!.entry.sequence).toBe(spec!.sequence);
      delivery!.ack();
    }
  });

  it('parts take turns, whatever their length, and the tasks of a part stay in order', async () => {
    await submit(2, 60, { tenant: 'large' });
    await submit(3, 10, { tenant: 'small' });
    const served: Delivery[] = [];
    for (let turn = 0; turn < 20; turn += 1) served.push(...(await take(1)));
    expect(Math.abs(countOf(served, 'small') - 10)).toBeLessThanOrEqual(2);
    for (const tenant of ['large', 'small']) {
      const own = served.filter(({ entry }) => entry.state.of.tenant === tenant);
      const order = own.map(({ entry }) => entry.state.of.task);
      expect(order).toEqual(order.toSorted((a, b) => a - b));
    }
  });

  it('a single task in the lane itself waits for no more than a turn of the parts', async () => {
    await submit(1, 40, { tenant: 'large' });
    await submit(5, 40, { tenant: 'other' });
    await takeAll(6);
    const [single] = await submit(undefined, 1, { tenant: 'small' });
    const next = await takeAll(3);
    expect(next.map(({ entry }) => entry.sequence)).toContain(single!.sequence);
  });

  it('leaves a part alone whose tasks have no room, and delivers other parts meanwhile', async () => {
    await submit(1, 200, { tenant: 'limited' });
    await submit(2, 20, { tenant: 'free' });
    let asked = 0;
    const room: Room = ({ tenant }) => {
      asked += 1;
      return tenant === 'limited' ? 0 : Infinity;
    };
    const deliveries = await takeAll(20, room);
    expect(countOf(deliveries, 'free')).toBe(20);
    expect(asked).toBeGreaterThan(0);
    for (const delivery of deliveries) delivery.ack();
  });

  it('delivers the next task of a part as soon as there is room for it', async () => {
    await submit(1, 50, { tenant: 'limited' });
    let places = 0;
    const room: Room = ({ tenant }) => (tenant === 'limited' ? places : Infinity);
    const waiting = take(10, room);
    // A task of another tenant shows that the part was looked at.
    await submit(undefined, 1, { tenant: 'free' });
    expect(tenantsOf(await waiting)).toEqual(['free']);
    const next = take(10, room);
    places = 2;
    world.queue.roomChanged('default');
    const deliveries = await next;
    expect(countOf(deliveries, 'limited')).toBeGreaterThan(0);
    expect(deliveries.length).toBeLessThanOrEqual(2);
  });

  it('finds the task of another tenant behind tasks without room', async () => {
    await submit(4, 3, { tenant: 'limited' });
    await submit(4, 1, { tenant: 'free' });
    const room: Room = ({ tenant }) => (tenant === 'limited' ? 0 : Infinity);
    expect(tenantsOf(await takeAll(1, room))).toEqual(['free']);
  });

  it('a pause covers the tenant parts', async () => {
    await world.queue.pause('default');
    await submit(1, 3);
    expect(await world.queue.claimable('default', 1, AbortSignal.timeout(700))).toEqual([]);
    await world.queue.resume('default');
    expect(await takeAll(3)).toHaveLength(3);
  });

  it('reports up to which sequence each part is acknowledged', async () => {
    const [first] = await submit(6, 1);
    const [second] = await submit(undefined, 1);
    const [one, two] = (await takeAll(2)).toSorted((a, b) => a.entry.sequence - b.entry.sequence);
    two!.ack();
    const floor = async (part?: number): Promise<number> =>
      (await world.queue.ackFloors('default'))({ lane: 'normal', ...(part === undefined ? {} : { part }) });
    await expect.poll(() => floor()).toBeGreaterThanOrEqual(second!.sequence);
    expect(await floor(6)).toBeLessThan(first!.sequence);
    one!.ack();
    await expect.poll(() => floor(6)).toBeGreaterThanOrEqual(first!.sequence);
  });

  it('reads the history of a job whose specs are in several parts', async () => {
    const specs = [...jobIn(undefined, 1), ...jobIn(3, 1)].map(({ state, detail }, task) => ({
      state: { ...state, of: { ...state.of, job: specJob, task, total: 2 } },
      detail,
    }));
    const entries = stored(await world.log.submit(specs));
    const history = await world.log.history(specJob);
    expect(history.map(({ sequence }) => sequence).toSorted((a, b) => a - b)).toEqual(
      entries.map(({ sequence }) => sequence),
    );
  });

  it('serves all parts', () => {
    expect(world.queue.partsServed('default')).toBe(7);
  });
});

const specJob = '01hzy3v8k000000000000parts';
