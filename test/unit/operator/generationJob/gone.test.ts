// Jobs without a resource, and resources without a job.
import { describe, expect, test } from 'vitest';
import { KubeError } from '../../../../src/ports/kubernetes.ts';
import { generationJobType } from '../../../../src/operator/resources/kinds.ts';
import { deleted } from '../../../../src/job/transitions.ts';
import { submitJob } from '../../../../src/jobs/submit/index.ts';
import {
  anOperator,
  aWorld,
  conditions,
  create,
  hands,
  key,
  peek,
  retentionMs,
  type World,
  reconciled,
} from './stage.ts';

const stateOf = async (world: World, resource: Parameters<typeof hands>[1], task = 0) =>
  (await hands(world, resource).read())?.tasks[task]?.last.state.state;

describe('a deleted resource', () => {
  test('cancels its open job and notifies the worker', async () => {
    const { world, operator, resource } = await reconciled('yard', { tasks: [{}, {}] });
    await hands(world, resource).claim(0);
    await operator.settle();
    world.cluster.remove(generationJobType, key('yard'));
    await operator.settle();
    expect(await stateOf(world, resource, 0)).toBe('cancelled');
    expect(await stateOf(world, resource, 1)).toBe('cancelled');
    expect(world.heartbeats.sentCancellations).toMatchObject([
      { worker: 'worker-1', cancellation: { task: 0, reason: 'Cancelled' } },
    ]);
    expect((await hands(world, resource).read())!.tasks[0]!.last.detail.message).toBe(
      'Cancelled by the deletion of its GenerationJob',
    );
  });

  test('that is created again under the same name gets another job', async () => {
    const { world, operator, resource: first } = await reconciled();
    world.cluster.remove(generationJobType, key('yard'));
    const second = create(world, 'yard');
    await operator.settle();
    expect(await stateOf(world, first)).toBe('cancelled');
    expect(await stateOf(world, second)).toBe('queued');
    expect(peek(world, 'yard')?.status?.jobId).toBe(hands(world, second).job);
  });

  test('is handled after an outage of NATS', async () => {
    const { world, operator, resource } = await reconciled();
    world.log.away = true;
    world.cluster.remove(generationJobType, key('yard'));
    await operator.settle();
    await operator.after(5_000);
    world.log.away = false;
    await operator.after(1_000);
    expect(await stateOf(world, resource)).toBe('cancelled');
  });

  test('that a foreign finalizer keeps still cancels its job', async () => {
    const world = await aWorld();
    const operator = await anOperator(world);
    const resource = create(world, 'yard');
    const never = create(world, 'never', {}, { deletionTimestamp: '2026-11-22T00:00:00Z' });
    await operator.settle();
    create(world, 'yard', {}, { deletionTimestamp: '2026-11-22T00:00:00Z' });
    await operator.settle();
    expect(await stateOf(world, resource)).toBe('cancelled');
    expect(conditions(peek(world, 'yard'))).toMatchObject({ Finished: 'True Cancelled' });
    expect(await stateOf(world, never)).toBeUndefined();
  });

  test('while no operator was running: its job is cancelled after a fresh list', async () => {
    const world = await aWorld();
    const first = await anOperator(world);
    const gone = create(world, 'gone');
    const kept = create(world, 'kept');
    await first.settle();
    await first.stop();
    world.cluster.remove(generationJobType, key('gone'));
    await anOperator(world);
    expect(await stateOf(world, gone)).toBe('cancelled');
    expect(await stateOf(world, kept)).toBe('queued');
  });
});

describe('jobs of an unknown resource', () => {
  test('are not cancelled while the list fails or the kind is not installed', async () => {
    const { world, operator: first, resource: gone } = await reconciled('gone');
    await first.stop();
    world.cluster.remove(generationJobType, key('gone'));
    // The list of the informer covers all namespaces.
    const error = new KubeError(404, 'NotFound', 'the server could not find the requested resource');
    world.cluster.fail(error, { times: 3, matches: ({ verb, namespace }) => verb === 'list' && namespace === 'shop' });
    const second = await anOperator(world);
    await second.after(1_000);
    expect(await stateOf(world, gone)).toBe('queued');
    expect(second.errors.length).toBeGreaterThan(0);
    await second.after(1_000);
    await second.after(1_000);
    expect(await stateOf(world, gone)).toBe('cancelled');
  });

  test('are ignored in namespaces that are not watched', async () => {
    const { world, operator: first, resource: gone } = await reconciled('gone');
    await first.stop();
    world.cluster.remove(generationJobType, key('gone'));
    const other = await anOperator(world, { watchNamespaces: ['garden'] });
    await other.after(120_000);
    expect(await stateOf(world, gone)).toBe('queued');
    await other.stop();
    await anOperator(world, { watchNamespaces: ['garden', 'shop'] });
    expect(await stateOf(world, gone)).toBe('cancelled');
  });

  test('are found when another operator submits during the deletion', async () => {
    const world = await aWorld();
    const operator = await anOperator(world);
    const resource = create(world, 'yard');
    world.cluster.remove(generationJobType, key('yard'));
    await operator.settle();
    const { log, clock, pools } = world;
    const unused = { artifacts: undefined as never, images: undefined as never, schemas: undefined as never };
    const context = { log, clock, pools, follower: operator.follower, ...unused, retentionMs };
    const body = { kind: 'image' as const, input: { prompt: 'a yard' } };
    const submit = { tenant: 'shop', owner: resource.metadata.uid, idempotencyKey: undefined, body };
    await submitJob({ ...context, random: () => new Uint8Array(18) }, submit);
    await operator.after(2_000);
    expect(await stateOf(world, resource)).toBe('cancelled');
  });

  test('keep running after a user retries them later', async () => {
    const { world, operator, resource } = await reconciled('yard', { ttlSecondsAfterFinished: 0 });
    const { claim, fail, retry } = hands(world, resource);
    await claim();
    await fail();
    await operator.after(1_000);
    expect(peek(world, 'yard')).toBeUndefined();
    await operator.after(60_000);
    await retry();
    await operator.after(120_000);
    expect(await stateOf(world, resource)).toBe('queued');
  });
});

describe('a missing job', () => {
  const finish = async (world: World, name: string) => {
    const resource = create(world, name);
    const operator = await anOperator(world);
    const { claim, succeed, job } = hands(world, resource);
    await claim();
    await succeed();
    await operator.settle();
    return { operator, resource, job };
  };
  const remove = async (world: World, resource: Parameters<typeof hands>[1]): Promise<void> => {
    const { last } = (await hands(world, resource).read())!.tasks[0]!;
    world.log.append(deleted(last.state as never, world.clock.now()), { message: 'Deleted' });
    await world.log.purge(last.state.of.job, 'default');
  };

  test('that was deleted through the API is reported and not submitted again', async () => {
    const world = await aWorld();
    const { operator, resource } = await finish(world, 'yard');
    await remove(world, resource);
    await operator.settle();
    expect(conditions(peek(world, 'yard'))).toMatchObject({
      Accepted: 'True Submitted',
      Complete: 'True Succeeded',
      Finished: 'True JobDeleted',
    });
    expect(operator.events.at(-1)).toMatchObject({ type: 'Warning', reason: 'JobDeleted' });
    const writes = world.cluster.calls.length;
    await operator.after(3_600_000);
    expect(await stateOf(world, resource)).toBeUndefined();
    expect(world.cluster.calls.length).toBe(writes);
  });

  test('is detected some time after a start', async () => {
    const world = await aWorld();
    const { operator, resource } = await finish(world, 'yard');
    await operator.stop();
    await remove(world, resource);
    const second = await anOperator(world);
    expect(conditions(peek(world, 'yard'))).toMatchObject({ Finished: 'True Succeeded' });
    await second.after(600_000);
    expect(conditions(peek(world, 'yard'))).toMatchObject({ Finished: 'True JobDeleted' });
  });

  test('whose retention is over keeps its terminal status', async () => {
    const world = await aWorld();
    const resource = create(world, 'yard', { ttlSecondsAfterFinished: 30 * 86_400 });
    const operator = await anOperator(world);
    await hands(world, resource).claim();
    await hands(world, resource).succeed();
    await operator.settle();
    const { status } = peek(world, 'yard')!;
    await operator.stop();
    const second = await anOperator(world);
    await second.after(retentionMs + 60_000);
    await second.after(600_000);
    expect(peek(world, 'yard')?.status).toEqual(status);
  });

  test('whose end was not observed fails as JobExpired', async () => {
    const { world, operator, resource } = await reconciled();
    await operator.stop();
    world.clock.skip(retentionMs + 60_000);
    const second = await anOperator(world);
    expect(conditions(peek(world, 'yard'))).toMatchObject({ Failed: 'True JobExpired', Finished: 'True JobExpired' });
    await second.after(600_000);
    expect(await stateOf(world, resource)).toBeUndefined();
  });

  test('that was retried and finished while no operator ran gets its new status', async () => {
    const { world, operator, resource } = await reconciled();
    const { claim, fail, succeed, retry } = hands(world, resource);
    await claim();
    await fail();
    await operator.settle();
    await operator.stop();
    world.clock.skip(1_000);
    await retry();
    await claim();
    await succeed();
    await anOperator(world);
    expect(conditions(peek(world, 'yard'))).toMatchObject({
      Complete: 'True Succeeded',
      Failed: 'False EndedOtherwise',
    });
  });
});
