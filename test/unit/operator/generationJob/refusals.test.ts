// Resources whose job cannot be submitted, for now or permanently.
import { describe, expect, test } from 'vitest';
import { photo } from '../../../support/pictures.ts';
import { anOperator, aPool, aWorld, conditions, create, hands, peek, statusWrites, reconciled } from './stage.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('a retryable refusal', () => {
  test('a field that only a newer operator knows leaves the resource to it; a wrong value is final', async () => {
    const { world } = await reconciled('yard', { novelty: true });
    expect(conditions(peek(world, 'yard'))).toMatchObject({
      Accepted: 'False InvalidRequest',
      Finished: 'False InvalidRequest',
    });
    expect(peek(world, 'yard')?.status?.message).toMatch(/spec\.novelty: is not a known field.* Retrying until /);
    const { world: other } = await reconciled('yard', { novelty: true, kind: 'cake' });
    expect(conditions(peek(other, 'yard'))).toMatchObject({ Finished: 'True InvalidRequest' });
  });

  test('a missing pool is reported in a condition; the job runs once the pool exists', async () => {
    const { world, operator, resource } = await reconciled('yard', { pool: 'drawings' });
    expect(conditions(peek(world, 'yard'))).toMatchObject({
      Accepted: 'False PoolNotFound',
      Finished: 'False PoolNotFound',
    });
    expect(peek(world, 'yard')?.status).toMatchObject({
      reason: 'PoolNotFound',
      message: expect.stringMatching(/no pool drawings; available: default\. Retrying until 2026-11-23T.* Use a pool/),
    });
    expect(operator.events).toMatchObject([{ type: 'Warning', reason: 'Refused' }]);
    await world.pools.declare(aPool('drawings'));
    await operator.settle();
    expect(peek(world, 'yard')?.status).toMatchObject({ jobId: hands(world, resource).job, state: 'queued' });
    expect(conditions(peek(world, 'yard'))).toMatchObject({ Accepted: 'True Submitted', Finished: 'False Queued' });
    expect(operator.events.map(({ reason }) => reason)).toEqual(['Refused', 'Submitted']);
  });

  test('is retried until the queue timeout, then fails the resource', async () => {
    const world = await aWorld();
    const operator = await anOperator(world);
    create(world, 'yard', { pool: 'drawings', policy: { queueTimeout: '10m' } });
    await operator.settle();
    for (let minute = 0; minute < 9; minute += 1) await operator.after(60_000);
    expect(conditions(peek(world, 'yard'))).toMatchObject({ Finished: 'False PoolNotFound' });
    expect(statusWrites(world)).toBe(2);
    await operator.after(60_000);
    expect(conditions(peek(world, 'yard'))).toMatchObject({
      Accepted: 'False PoolNotFound',
      Failed: 'True PoolNotFound',
      Finished: 'True PoolNotFound',
    });
    expect(operator.events.map(({ reason }) => reason)).toEqual(['Refused', 'Failed']);
    await world.pools.declare(aPool('drawings'));
    await operator.after(86_400_000);
    expect(peek(world, 'yard')).toBeUndefined();
    expect(world.log.stream.lastSequence).toBe(0);
  });

  test('a reference that is not stored yet, and a model or a namespace that the pool does not accept', async () => {
    const world = await aWorld();
    await world.pools.declare({ ...aPool('closed'), tenants: ['bank'] });
    const operator = await anOperator(world);
    create(world, 'reference', { input: { prompt: 'a yard', references: [{ artifact: digest }] } });
    create(world, 'model', { model: 'another' });
    create(world, 'closed', { pool: 'closed' });
    await operator.settle();
    expect(conditions(peek(world, 'reference'))).toMatchObject({ Accepted: 'False ReferenceNotFound' });
    expect(conditions(peek(world, 'model'))).toMatchObject({ Accepted: 'False ModelNotInPool' });
    expect(conditions(peek(world, 'closed'))).toMatchObject({ Accepted: 'False PoolNotAllowed' });
    await world.pools.declare(aPool('closed'));
    await operator.settle();
    expect(conditions(peek(world, 'closed'))).toMatchObject({ Accepted: 'True Submitted' });
  });
});

test('a picture that is cut off and a ratio that the model lacks fail the resource, with the place', async () => {
  const world = await aWorld();
  await world.pools.declare({ ...aPool('default'), models: { image: ['gemini-3-pro-image'], text: [] } });
  const operator = await anOperator(world);
  const half = photo.subarray(0, photo.length >> 1).toString('base64');
  create(world, 'half', { input: { prompt: 'a yard', references: [{ mediaType: 'image/jpeg', data: half }] } });
  create(world, 'ratio', { input: { prompt: 'a yard', aspectRatio: '7:3' } });
  await operator.settle();
  expect(peek(world, 'half')?.status).toMatchObject({
    state: 'failed',
    reason: 'InvalidImage',
    message: expect.stringMatching(/input\.references\[0\] is cut off/),
  });
  expect(peek(world, 'ratio')?.status).toMatchObject({
    state: 'failed',
    reason: 'InvalidRequest',
    message: expect.stringMatching(/input\.aspectRatio: is 7:3, but gemini-3-pro-image accepts 1:1, /),
  });
});

test('a final refusal fails the resource at once and lists every problem', async () => {
  const world = await aWorld();
  const operator = await anOperator(world);
  create(world, 'late', { policy: { queueTimeout: '8d' } });
  create(world, 'wrong', { input: { prompt: 'a yard', aspectRatio: 'wide' }, extra: 1 });
  await operator.settle();
  expect(conditions(peek(world, 'late'))).toMatchObject({
    Accepted: 'False PolicyExceedsRetention',
    Failed: 'True PolicyExceedsRetention',
    Finished: 'True PolicyExceedsRetention',
  });
  expect(peek(world, 'wrong')?.status).toMatchObject({
    state: 'failed',
    reason: 'InvalidRequest',
    message: expect.stringMatching(/spec\.(input\.aspectRatio|extra): .*\(and 1 more\)/),
    completionTime: expect.any(String),
  });
  expect(operator.events.map(({ reason }) => reason)).toEqual(['Refused', 'Refused']);
  const writes = statusWrites(world);
  await operator.after(3_600_000);
  expect(statusWrites(world)).toBe(writes);
  await operator.after(86_400_000);
  expect(peek(world, 'wrong')).toBeUndefined();
});

describe('no answer', () => {
  test('is retried, reported if it lasts, and leads to one job', async () => {
    const world = await aWorld();
    const operator = await anOperator(world);
    const resource = create(world, 'yard');
    world.log.away = true;
    await operator.settle();
    await operator.after(5_000);
    expect(peek(world, 'yard')?.status).toEqual({ installation: 'genwarden/genwarden' });
    for (let second = 0; second < 30; second += 1) await operator.after(1_000);
    expect(conditions(peek(world, 'yard'))).toMatchObject({ Accepted: 'Unknown Unavailable' });
    expect(statusWrites(world)).toBe(2);
    expect(operator.errors.length).toBeGreaterThan(10);
    world.log.away = false;
    await operator.after(1_000);
    expect(conditions(peek(world, 'yard'))).toMatchObject({ Accepted: 'True Submitted' });
    expect((await hands(world, resource).read())!.tasks).toHaveLength(1);
    expect(world.log.stream.lastSequence).toBe(1);
    expect(operator.events.map(({ reason }) => reason)).toEqual(['NotSubmitted', 'Submitted']);
  });

  test('from the API server does not stop jobs, and the status is written afterwards', async () => {
    const { world, operator, resource } = await reconciled();
    world.cluster.away();
    const { claim, succeed } = hands(world, resource);
    await claim();
    await operator.after(1_000);
    await succeed();
    await operator.after(60_000);
    world.cluster.back();
    await operator.after(60_000);
    expect(conditions(peek(world, 'yard'))).toMatchObject({ Complete: 'True Succeeded' });
    expect(world.log.stream.lastSequence).toBe(3);
  });
});
