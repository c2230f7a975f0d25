// A tool for GitOps applies a GenerationJob again that its TTL deleted: the job is not run, and paid, a second time.
import { describe, expect, test } from 'vitest';
import { jobIdOfOwner } from '../../../../src/jobs/submit/index.ts';
import { configMapType } from '../../../../src/operator/resources/builtInKinds.ts';
import { generationJobType } from '../../../../src/operator/resources/kinds.ts';
import { anOperator, aWorld, conditions, create, hands, key, peek, reconciled, type World } from './stage.ts';

const ttl = { ttlSecondsAfterFinished: 60 };

/** A resource whose job succeeded and that its TTL has deleted. */
async function removedByTtl(spec: object = {}, given?: World) {
  const world = given ?? (await aWorld());
  const operator = await anOperator(world);
  const resource = create(world, 'yard', { ...ttl, ...spec });
  await operator.settle();
  const { claim, succeed, job } = hands(world, resource);
  await claim();
  await succeed();
  await operator.settle();
  await operator.after(60_000);
  expect(peek(world, 'yard')).toBe(undefined);
  return { world, operator, resource, job };
}

describe('applied again unchanged', () => {
  test('shows the job that has run, submits none, and stays', async () => {
    const { world, operator, job } = await removedByTtl();
    const again = create(world, 'yard', ttl, { labels: { 'app.kubernetes.io/instance': 'pictures' } });
    await operator.settle();
    expect(peek(world, 'yard')?.status).toMatchObject({ jobId: job, state: 'succeeded', tasks: { done: '1/1' } });
    expect(conditions(peek(world, 'yard'))).toMatchObject({
      Accepted: 'True AlreadyRun',
      Complete: 'True Succeeded',
      Finished: 'True Succeeded',
    });
    expect(await world.log.read(jobIdOfOwner(again.metadata.uid))).toBe(undefined);
    await operator.after(30 * 86_400_000);
    expect(peek(world, 'yard')?.metadata.uid).toBe(again.metadata.uid);
  });

  test('stays so over a restart of the operator, and with another TTL', async () => {
    const { world, operator, job } = await removedByTtl();
    await operator.stop();
    const again = create(world, 'yard', { ttlSecondsAfterFinished: 5 });
    for (let restarts = 0; restarts < 2; restarts += 1) {
      const next = await anOperator(world);
      await next.after(3_600_000);
      await next.stop();
      expect(peek(world, 'yard')?.status).toMatchObject({ jobId: job, state: 'succeeded' });
    }
    expect(await world.log.read(jobIdOfOwner(again.metadata.uid))).toBe(undefined);
  });

  test('follows the job if a person retries it', async () => {
    const { world, operator, resource } = await removedByTtl();
    create(world, 'yard', ttl);
    await operator.settle();
    const { cancel, retry, claim } = hands(world, resource);
    await retry().catch(() => undefined);
    await operator.after(1_000);
    expect(peek(world, 'yard')?.status?.state).toBe('queued');
    await operator.after(60_000);
    await claim();
    await cancel();
    await operator.after(5_000);
    expect(peek(world, 'yard')?.status?.state).toBe('cancelled');
  });

  test('keeps the job that a person retried over a restart of the operator', async () => {
    const { world, operator, resource } = await removedByTtl();
    create(world, 'yard', ttl);
    await operator.settle();
    await hands(world, resource).retry();
    await operator.after(5_000);
    expect(peek(world, 'yard')?.status?.state).toBe('queued');
    await operator.stop();
    const next = await anOperator(world);
    await next.after(120_000);
    const { claim, succeed, read } = hands(world, resource);
    expect((await read())!.tasks[0]!.last.state.state).toBe('queued');
    await claim();
    await succeed();
    await next.after(10_000);
    await next.after(30 * 86_400_000);
    expect(peek(world, 'yard')?.status?.state).toBe('succeeded');
  });

  test('cancels the job that a person retried when it is deleted', async () => {
    const { world, operator, resource } = await removedByTtl();
    create(world, 'yard', ttl);
    await operator.settle();
    await hands(world, resource).retry();
    await operator.after(1_000);
    world.cluster.remove(generationJobType, key('yard'));
    await operator.settle();
    expect((await hands(world, resource).read())!.tasks[0]!.last.state.state).toBe('cancelled');
  });

  test('cancels it too while a foreign finalizer keeps the resource', async () => {
    const { world, operator, resource } = await removedByTtl();
    create(world, 'yard', ttl);
    await operator.settle();
    await hands(world, resource).retry();
    await operator.after(1_000);
    const { metadata, spec, status } = peek(world, 'yard')!;
    const terminating = { ...metadata, deletionTimestamp: '2026-11-22T00:00:00Z' };
    world.cluster.put(generationJobType, { metadata: terminating, spec, status });
    await operator.settle();
    expect((await hands(world, resource).read())!.tasks[0]!.last.state.state).toBe('cancelled');
  });

  test('suspended: shows the job that has run once it is resumed', async () => {
    const { world, operator, job } = await removedByTtl();
    const { metadata, spec } = create(world, 'yard', { ...ttl, suspend: true });
    await operator.settle();
    expect(conditions(peek(world, 'yard'))).toMatchObject({ Suspended: 'True JobSuspended' });
    const { status } = peek(world, 'yard')!;
    world.cluster.put(generationJobType, { metadata, spec: { ...spec, suspend: false }, status });
    await operator.settle();
    expect(peek(world, 'yard')?.status).toMatchObject({ jobId: job, state: 'succeeded' });
  });

  test('whatever its ConfigMap says by now, as while the resource existed', async () => {
    const prompts = (yard: string) => ({ metadata: key('prompts'), data: { yard } });
    const input = { promptFrom: { configMapKeyRef: { name: 'prompts', key: 'yard' } } };
    const world = await aWorld();
    world.cluster.put(configMapType, prompts('a yard'));
    const { operator, job } = await removedByTtl({ input }, world);
    world.cluster.put(configMapType, prompts('a yard with sage'));
    create(world, 'yard', { ...ttl, input });
    await operator.settle();
    expect(peek(world, 'yard')?.status).toMatchObject({ jobId: job, state: 'succeeded' });
  });
});

describe('runs again', () => {
  test('if the one that shows the earlier run is deleted and applied again', async () => {
    const { world, operator, job } = await removedByTtl();
    create(world, 'yard', ttl);
    await operator.settle();
    await operator.after(1_000);
    world.cluster.remove(generationJobType, key('yard'));
    await operator.settle();
    const third = create(world, 'yard', ttl);
    await operator.settle();
    expect(peek(world, 'yard')?.status?.jobId).toBe(jobIdOfOwner(third.metadata.uid));
    expect(peek(world, 'yard')?.status?.jobId).not.toBe(job);
  });

  test('if a person deleted it before its TTL ended', async () => {
    const { world, operator, resource } = await reconciled('yard', ttl);
    const { claim, succeed } = hands(world, resource);
    await claim();
    await succeed();
    await operator.settle();
    world.cluster.remove(generationJobType, key('yard'));
    const again = create(world, 'yard', ttl);
    await operator.settle();
    expect(peek(world, 'yard')?.status?.jobId).toBe(jobIdOfOwner(again.metadata.uid));
  });

  test.each([
    ['with another spec', 'yard', { input: { prompt: 'a walk' } }],
    ['under another name', 'yard-2', {}],
  ])('%s', async (_how, name, spec) => {
    const { world, operator } = await removedByTtl();
    const again = create(world, name, { ...ttl, ...spec });
    await operator.settle();
    expect(peek(world, name)?.status?.jobId).toBe(jobIdOfOwner(again.metadata.uid));
  });
});
