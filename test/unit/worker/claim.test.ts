// The claim: a key and a heartbeat that lists the task come first, and an uncertain claim is never acknowledged.

import { afterEach, expect, test } from 'vitest';
import { cancelled, claimed, failed, requeued } from '../../../src/job/transitions.ts';
import type { Queued } from '../../../src/job/task.ts';
import { hanging, made } from '../../fakes/provider.ts';
import type { OfferedDelivery } from '../../fakes/taskQueue.ts';
import { startWorld, unavailable, type World } from '../../fakes/workerWorld.ts';
import { until } from '../../support/until.ts';

let world: World;
afterEach(() => world.worker.drain());

const answered = (delivery: OfferedDelivery): Promise<string> =>
  until(() => delivery.answers[0], { what: 'the delivery to be answered', intervalMs: 2 });

/** Submits a task; its claim stays in flight until `answer` is called. */
async function submitAndHoldClaim() {
  const held = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  world.log.intercept = async (next, store) => {
    if (next.state.state !== 'running') return store();
    asked.resolve();
    await held.promise;
    return store();
  };
  const { task } = world.submit();
  await asked.promise;
  return { task, answer: held.resolve };
}

test('the worker does not fetch from the queue without a key', async () => {
  const { generate, called } = hanging();
  world = startWorld(generate);
  world.keys.limit(1);
  world.submit();
  await called;
  const asked = world.queue.asked.length;
  const { task } = world.submit();
  // The hold of the first call takes all the room.
  expect(world.queue.asked).toHaveLength(asked);
  expect(world.log.entryOf(task)!.state.state).toBe('queued');
  world.keys.limit(2);
  await world.log.reached(task, 'running');
});

test('the number of attempts never exceeds the slots or the keys', async () => {
  const { generate, called } = hanging();
  world = startWorld(generate, { concurrency: 3 });
  world.keys.limit(2);
  for (let count = 0; count < 5; count += 1) world.submit();
  await called;
  await until(() => world.heartbeats.beats.length > 0 && world.worker.running() === 2, { what: 'two to run' });
  world.keys.limit(9);
  await until(() => world.worker.running() === 3, { what: 'three to run' });
  expect(world.queue.asked.every((atMost) => atMost >= 1 && atMost <= 3)).toBe(true);
});

test('an idle worker holds one key after a burst, and none after it has ended', async () => {
  world = startWorld(() => Promise.resolve(made()), { concurrency: 8 });
  const tasks = Array.from({ length: 40 }, () => world.submit().task);
  for (const task of tasks) await world.log.reached(task, 'succeeded');
  await until(() => world.worker.running() === 0, { what: 'all to end' });
  const { task } = world.submit();
  await world.log.reached(task, 'succeeded');
  await until(() => world.keys.inHand <= 2, { what: 'the release of surplus keys' });
  await world.worker.drain();
  expect(world.keys.inHand).toBe(0);
});

test('the first heartbeat precedes the first claim, and the claim refers to a heartbeat that lists the task', async () => {
  const { generate, called } = hanging();
  world = startWorld(generate);
  const { task } = world.submit();
  await called;
  expect(world.happened.indexOf('beat')).toBeLessThan(world.happened.indexOf('write running'));
  const { state, sequence } = world.log.entryOf(task)!;
  expect(state).toMatchObject({ state: 'running', beat: world.heartbeats.beats.length + 1, worker: 'worker-1' });
  world.worker.beat();
  expect(world.heartbeats.beats.at(-1)).toMatchObject({
    number: (state as { beat: number }).beat,
    tasks: [{ job: task.of.job, task: 0, claim: sequence, progress: expect.closeTo(0, 1) as number }],
    slots: { total: 4, busy: 1, leaked: 0 },
    draining: false,
    pool: 'default',
    pid: process.pid,
  });
  expect(world.heartbeats.beats.at(-1)!.memory).toBeGreaterThan(1e6);
});

test('a heartbeat lists the task while its claim is in flight', async () => {
  world = startWorld(() => Promise.resolve(made()));
  const { task, answer } = await submitAndHoldClaim();
  world.worker.beat();
  expect(world.heartbeats.beats.at(-1)!.tasks).toEqual([{ job: task.of.job, task: 0, claim: 0, progress: 0 }]);
  answer();
  await world.log.reached(task, 'succeeded');
});

test('a superseded spec is acknowledged, and its key is released unused', async () => {
  let calls = 0;
  world = startWorld(() => Promise.resolve(made(String((calls += 1)))));
  const { task } = world.submit();
  const spec = world.log.entryOf(task)!;
  await world.log.reached(task, 'succeeded');
  const again = world.queue.offer(spec);
  expect(await answered(again)).toBe('ack');
  expect(calls).toBe(1);
  await until(() => world.keys.released.some(({ outcome }) => outcome === 'unused'), {
    what: 'the release of the key',
  });
});

test('a task that was cancelled or requeued before the claim is not run', async () => {
  world = startWorld(() => Promise.reject(new Error('must not be called')));
  world.log.intercept = async (next, store) => {
    if (next.state.state !== 'running') return store();
    world.log.intercept = undefined;
    const last = world.log.entryOf(next.state)!;
    world.log.store({ state: cancelled(last.state as Queued, Date.now()), detail: { message: '' } }, last.sequence);
    return await Promise.resolve(store());
  };
  const { task, delivery } = world.submit();
  expect(await answered(delivery)).toBe('ack');
  expect(world.log.entryOf(task)!.state.state).toBe('cancelled');
});

test('a delivery is returned if NATS does not answer the claim, and the worker continues', async () => {
  world = startWorld(() => Promise.resolve(made()));
  world.log.intercept = (next, store) =>
    next.state.attempt > 0 ? Promise.reject(unavailable()) : Promise.resolve(store());
  const { delivery } = world.submit();
  expect(await answered(delivery)).toBe('nak 1000');
  world.log.intercept = undefined;
  await world.log.reached(world.submit().task, 'succeeded');
  expect(delivery.answers).toHaveLength(1);
});

test('a stored claim with a lost answer is resumed at the redelivery', async () => {
  world = startWorld(() => Promise.resolve(made()));
  world.log.intercept = async (_next, store) => {
    store();
    world.log.intercept = undefined;
    return await Promise.reject(unavailable());
  };
  const { task, delivery } = world.submit();
  expect(await answered(delivery)).toBe('nak 1000');
  const redelivery = world.queue.offer(world.log.entries[0]!);
  const { state } = await world.log.reached(task, 'succeeded');
  expect(redelivery.answers).toEqual(['ack']);
  expect(state.attempt).toBe(1);
  expect(world.log.entries.map((entry) => entry.state.state)).toEqual(['queued', 'running', 'succeeded']);
});

test('the claim of another worker is not resumed', async () => {
  world = startWorld(() => Promise.reject(new Error('must not be called')));
  world.log.intercept = async (next, store) => {
    world.log.intercept = undefined;
    const last = world.log.entryOf(next.state)!;
    const other = claimed(last.state as Queued, 'worker-2', 1, Date.now());
    world.log.store({ state: other, detail: { message: '' } }, last.sequence);
    return await Promise.resolve(store());
  };
  const second = world.submit();
  expect(await answered(second.delivery)).toBe('ack');
  expect(world.log.entryOf(second.task)!.state).toMatchObject({ state: 'running', worker: 'worker-2' });
});

test('a spec past its dueAt is left to the controller', async () => {
  world = startWorld(() => Promise.reject(new Error('must not be called')));
  const { delivery, task } = world.submit({
    of: { submittedAt: Date.now() - 10_000 },
    policy: { queueTimeout: 5_000 },
  });
  expect(await answered(delivery)).toBe('nak 1000');
  expect(world.log.entryOf(task)!.state.state).toBe('queued');
});

test('an overdue spec that the controller has failed is acknowledged', async () => {
  world = startWorld(() => Promise.reject(new Error('must not be called')));
  const { delivery, task } = world.submit({
    of: { submittedAt: Date.now() - 60_000 },
    policy: { queueTimeout: 5_000 },
  });
  expect(await answered(delivery)).toBe('nak 1000');
  world.log.store({ state: failed(task as Queued, 'QueueTimeout', Date.now()), detail: { message: '' } }, 1);
  expect(await answered(world.queue.offer(delivery.entry))).toBe('ack');
});

test('a redelivery of a task with a claim in flight is returned to the queue', async () => {
  world = startWorld(() => Promise.resolve(made()));
  const { task, answer } = await submitAndHoldClaim();
  const again = world.queue.offer(world.log.entries[0]!);
  expect(await answered(again)).toBe('nak 1000');
  answer();
  await world.log.reached(task, 'succeeded');
});

test('a requeued spec is claimed with its counts', async () => {
  world = startWorld(() => Promise.resolve(made()));
  world.log.intercept = (next, store) =>
    next.state.attempt === 1 ? Promise.reject(unavailable()) : Promise.resolve(store());
  const { task, delivery } = world.submit();
  await answered(delivery);
  world.log.intercept = undefined;
  const running = claimed(task as Queued, 'worker-2', 1, Date.now());
  world.log.store({ state: running, detail: { message: '' } }, 1);
  const again = requeued(running, 'WorkerLost', 'lost', Date.now());
  world.log.store({ state: again, detail: world.log.entries[0]!.detail as never }, 2);
  world.queue.offer(world.log.entryOf(task)!);
  const { state } = await world.log.reached(task, 'succeeded');
  expect(state).toMatchObject({ attempt: 2, attemptsLost: 1 });
});
