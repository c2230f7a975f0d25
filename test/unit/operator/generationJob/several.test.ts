// Several operators, on purpose or by mistake, and outdated caches.
import { expect, test } from 'vitest';
import { fakeJobLog } from '../../../fakes/jobLog.ts';
import { anOperator, aWorld, conditions, create, hands, peek, statusWrites, reconciled } from './stage.ts';

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

test('two installations that watch one namespace by mistake do not overload the API server', async () => {
  const world = await aWorld();
  const other = { ...world, log: fakeJobLog({ clock: world.clock }) };
  const one = await anOperator(world);
  const resource = create(world, 'yard');
  await one.settle();
  // The other installation has also submitted it, and has no worker.
  const { last, request } = (await hands(world, resource).read())!.tasks[0]!;
  other.log.append(last.state, { ...last.detail, request });
  await hands(world, resource).claim();
  await hands(world, resource).succeed();
  const two = await anOperator(other);
  for (let halfSecond = 0; halfSecond < 1_200; halfSecond += 1) {
    world.clock.skip(500);
    await Promise.all([one.settle(), two.settle()]);
  }
  expect(statusWrites(world)).toBeGreaterThan(60);
  // Each writes its burst of twelve, then once in ten seconds.
  expect(statusWrites(world)).toBeLessThanOrEqual(2 * (13 + 60));
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
