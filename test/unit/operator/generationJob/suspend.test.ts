// spec.suspend: a suspended job is not submitted, a running one is stopped, and a resumed one continues with what it has.
import { expect, test } from 'vitest';
import { generationJobStatus } from '../../../../src/operator/resources/generationJob.ts';
import { generationJobType } from '../../../../src/operator/resources/kinds.ts';
import type { World } from '../harness.ts';
import { anOperator, aWorld, conditions, create, hands, key, peek, reconciled, retentionMs } from './stage.ts';

/** As a user changes it. */
function suspend(world: World, name: string, value: boolean): void {
  const { metadata, spec, ...rest } = world.cluster.peek(generationJobType, key(name))!;
  world.cluster.put(generationJobType, { ...rest, metadata, spec: { ...(spec as object), suspend: value } });
}

const reasons = (events: readonly { reason: string }[]): string[] => events.map(({ reason }) => reason);

test('a suspended job is not submitted until it is resumed', async () => {
  const { world, operator, resource } = await reconciled('yard', { suspend: true });
  expect(world.log.stream.lastSequence).toBe(0);
  expect(peek(world, 'yard')?.status).toMatchObject({ state: 'suspended', reason: 'JobSuspended' });
  expect(() => generationJobStatus.parse(peek(world, 'yard')!.status)).not.toThrow();
  expect(conditions(peek(world, 'yard'))).toMatchObject({
    Suspended: 'True JobSuspended',
    Finished: 'False JobSuspended',
    Failed: 'False NotFinished',
  });
  suspend(world, 'yard', false);
  await operator.settle();
  expect(peek(world, 'yard')?.status).toMatchObject({ jobId: hands(world, resource).job, state: 'queued' });
  expect(conditions(peek(world, 'yard'))).toMatchObject({ Suspended: 'False JobResumed', Accepted: 'True Submitted' });
  expect(reasons(operator.events)).toEqual(['Suspended', 'Resumed', 'Submitted']);
});

test('suspending a running job stops its open tasks; resuming it runs those again', async () => {
  const { world, operator, resource } = await reconciled('yard', {
    tasks: [{ name: 'a' }, { name: 'b' }, { name: 'c' }],
  });
  const { claim, succeed, fail, read } = hands(world, resource);
  for (const task of [0, 1, 2]) await claim(task);
  await succeed(0);
  await fail(1);
  await operator.settle();
  suspend(world, 'yard', true);
  await operator.settle();
  const states = async () => (await read())!.tasks.map(({ last: { state } }) => `${state.state} ${state.run}`);
  expect(await states()).toEqual(['succeeded 1', 'failed 1', 'cancelled 1']);
  expect(peek(world, 'yard')?.status).toMatchObject({ state: 'suspended', tasks: { done: '1/3' } });
  expect(peek(world, 'yard')?.status).not.toHaveProperty('completionTime');
  expect(peek(world, 'yard')?.status).not.toHaveProperty('startTime');
  expect(conditions(peek(world, 'yard'))).toMatchObject({
    Suspended: 'True JobSuspended',
    Finished: 'False JobSuspended',
  });
  suspend(world, 'yard', false);
  await operator.settle();
  expect(await states()).toEqual(['succeeded 1', 'failed 1', 'queued 2']);
  await claim(2);
  await succeed(2);
  await operator.settle();
  expect(conditions(peek(world, 'yard'))).toMatchObject({
    Suspended: 'False JobResumed',
    Failed: 'True AttemptTimeout',
  });
});

test('a restart between the stop and the status changes nothing', async () => {
  const { world, operator, resource } = await reconciled();
  await hands(world, resource).claim();
  await operator.stop();
  suspend(world, 'yard', true);
  const second = await anOperator(world);
  expect(peek(world, 'yard')?.status).toMatchObject({ state: 'suspended' });
  await second.stop();
  suspend(world, 'yard', false);
  await anOperator(world);
  expect(peek(world, 'yard')?.status).toMatchObject({ state: 'queued' });
});

test('a finished job ignores suspend, and a cancelled one is not resumed', async () => {
  const { world, operator, resource } = await reconciled();
  await hands(world, resource).claim();
  await hands(world, resource).cancel();
  await operator.settle();
  for (const value of [true, false]) {
    suspend(world, 'yard', value);
    await operator.settle();
    expect(conditions(peek(world, 'yard'))).toMatchObject({ Failed: 'True Cancelled', Finished: 'True Cancelled' });
  }
  expect((await hands(world, resource).read())!.tasks[0]!.last.state).toMatchObject({ state: 'cancelled', run: 1 });
});

test('the time of a suspend does not count for the retries of a refusal', async () => {
  const world = await aWorld();
  const operator = await anOperator(world);
  create(world, 'yard', { suspend: true, pool: 'drawings', policy: { queueTimeout: '10m' } });
  await operator.settle();
  await operator.after(3_600_000);
  suspend(world, 'yard', false);
  await operator.settle();
  expect(conditions(peek(world, 'yard'))).toMatchObject({ Finished: 'False PoolNotFound' });
  await operator.after(601_000);
  expect(conditions(peek(world, 'yard'))).toMatchObject({ Finished: 'True PoolNotFound' });
});

test('a job that has no time for another run fails with the reason', async () => {
  const { world, operator, resource } = await reconciled('yard', { ttlSecondsAfterFinished: 30 * 86_400 });
  await hands(world, resource).claim();
  suspend(world, 'yard', true);
  await operator.settle();
  await operator.after(retentionMs - 3_600_000);
  suspend(world, 'yard', false);
  await operator.settle();
  expect(conditions(peek(world, 'yard'))).toMatchObject({ Failed: 'True JobExpiresTooSoon' });
  expect(peek(world, 'yard')?.status?.message).toMatch(/^Not resumed: The job is kept until/);
});
