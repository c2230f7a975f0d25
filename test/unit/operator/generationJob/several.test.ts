// Several operators, on purpose or by mistake, and outdated caches.
import { expect, test } from 'vitest';
import { fakeJobLog } from '../../../fakes/jobLog.ts';
import { anOperator, aWorld, conditions, create, hands, peek, statusWrites, reconciled, type World } from './stage.ts';

test('two operators create one job for each resource and record each end once', async () => {
  const world = await aWorld();
  const [one, two] = [await anOperator(world), await anOperator(world)];
  const resources = Array.from({ length: 20 }, (_, at) => create(world, `job-${at}`));
  const both = (): Promise<unknown> => Promise.all([one.settle(), two.settle()]);
  await both();
  expect(world.log.stream.lastSequence).toBe(20);
  for (const resource of resources) {
    await hands(world, resource).claim();
    await hands(world, resource).succeed();
  }
  await both();
  for (const at of resources.keys()) {
    expect(conditions(peek(world, `job-${at}`))).toMatchObject({ Complete: 'True Succeeded' });
  }
  expect([...one.events, ...two.events].filter(({ reason }) => reason === 'Succeeded')).toHaveLength(20);
});

/** A second installation in the same cluster, with its own stream. */
const otherInstallation = (world: World): World => ({ ...world, log: fakeJobLog({ clock: world.clock }) });
const second = { installation: 'other/genwarden' };

test('of two installations that see a resource at the same moment one submits it, and the other one says so once', async () => {
  const world = await aWorld();
  const other = otherInstallation(world);
  const one = await anOperator(world);
  const two = await anOperator(other, second);
  const names = Array.from({ length: 20 }, (_, at) => `job-${at}`);
  for (const name of names) create(world, name);
  // Both have the unclaimed resources in their caches, and reconcile in turns.
  for (let turn = 0; turn < 40; turn += 1) {
    world.clock.skip(1_000);
    await Promise.all([one.settle(), two.settle()]);
  }
  expect(world.log.stream.lastSequence + other.log.stream.lastSequence).toBe(20);
  const events = [...one.events, ...two.events];
  expect(events.filter(({ reason }) => reason === 'Submitted')).toHaveLength(20);
  expect(events.filter(({ reason }) => reason === 'Retried')).toHaveLength(0);
  expect(events.filter(({ reason }) => reason === 'OtherInstallation')).toHaveLength(20);
  for (const name of names) expect(peek(world, name)?.status?.jobId).toBeDefined();
});

test('the installation that came first in a namespace has 30 s for each further resource; then the other one runs it', async () => {
  const world = await aWorld();
  const other = otherInstallation(world);
  const one = await anOperator(world);
  create(world, 'first');
  await one.settle();
  const two = await anOperator(other, second);
  await one.stop();
  create(world, 'next');
  await two.after(29_000);
  expect(peek(world, 'next')?.status).toBeUndefined();
  await two.after(2_000);
  expect(peek(world, 'next')?.status).toMatchObject({ installation: 'other/genwarden', state: 'queued' });
  expect(peek(world, 'first')?.status?.installation).toBe('genwarden/genwarden');
});

test('the other installation neither deletes a resource after its TTL nor touches its job when it is deleted', async () => {
  const world = await aWorld();
  const other = otherInstallation(world);
  const one = await anOperator(world);
  const resource = create(world, 'yard', { ttlSecondsAfterFinished: 60 });
  await one.settle();
  await hands(world, resource).claim();
  await hands(world, resource).succeed();
  await one.settle();
  await one.stop();
  const two = await anOperator(other, second);
  const writes = statusWrites(world);
  await two.after(3_600_000);
  expect(peek(world, 'yard')?.status?.state).toBe('succeeded');
  expect(statusWrites(world)).toBe(writes);
  expect(two.events).toEqual([]);
});

test('an outdated index does not revert a terminal status', async () => {
  const { world, operator, resource } = await reconciled();
  const { claim, succeed } = hands(world, resource);
  await claim();
  await operator.settle();
  const { status } = peek(world, 'yard')!;
  await succeed();
  await operator.settle();
  const ended = peek(world, 'yard')!.status;
  await operator.stop();
  // Another operator, whose index still has the task as running.
  const last = (await hands(world, resource).read())!.tasks[0]!.last;
  const behind = await anOperator({ ...world, log: world.log });
  behind.follower.index.clear();
  behind.follower.applyOwn({ ...last, state: { ...last.state, state: 'running', dueAt: 0 } as never, sequence: 2 });
  await behind.after(1_000);
  expect(status?.state).toBe('running');
  expect(peek(world, 'yard')?.status).toEqual(ended);
});
