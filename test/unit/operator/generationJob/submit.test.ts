// A submit for an owner: one resource creates one job, even if something changed since.
import { sharpImageReader } from '../../../../src/adapters/images/index.ts';
import { expect, test } from 'vitest';
import type { SubmitBody } from '../../../../src/jobs/submit/body.ts';
import { jobIdOfOwner, submitJob } from '../../../../src/jobs/submit/index.ts';
import { deleted } from '../../../../src/job/transitions.ts';
import { submitResource } from '../../../../src/operator/generationJob/submit.ts';
import type { GenerationJob } from '../../../../src/operator/resources/generationJob.ts';
import { fakeArtifactStore } from '../../../fakes/artifactStore.ts';
import { fakeSchemaChecker } from '../../../fakes/schemaChecker.ts';
import { anOperator, aWorld, create, hands, retentionMs, type World } from './stage.ts';

const body: SubmitBody = { kind: 'image', input: { prompt: 'a yard' } };

async function aContext(world: World) {
  const { follower } = await anOperator(world, { watchNamespaces: ['elsewhere'] });
  const random = (bytes: number): Uint8Array => new Uint8Array(bytes);
  const { cluster, log, clock, pools } = world;
  return {
    cluster,
    log,
    clock,
    pools,
    follower,
    artifacts: fakeArtifactStore(),
    schemas: fakeSchemaChecker(),
    images: sharpImageReader(),
    retentionMs,
    random,
  };
}

const ofOwner = (owner: string, over: object = {}) => ({
  tenant: 'shop',
  owner,
  idempotencyKey: undefined,
  body: { ...body, ...over },
});

test('the job ID follows from the UID, and changed labels do not make a new job', async () => {
  const world = await aWorld();
  const context = await aContext(world);
  const first = await submitJob(context, ofOwner('uid-1', { labels: { a: '1' } }));
  expect(first).toMatchObject({ replayed: false, record: { job: jobIdOfOwner('uid-1') } });
  const second = await submitJob(context, ofOwner('uid-1', { labels: { b: '2' } }));
  expect(second).toMatchObject({ replayed: true, record: { job: first.record.job } });
  expect(second.record.tasks[0]!.last.state.of).toMatchObject({ owner: 'uid-1', tenant: 'shop', labels: { a: '1' } });
  expect((await submitJob(context, ofOwner('uid-2'))).record.job).not.toBe(first.record.job);
});

test('no idempotency key of a client leads to the job ID of a resource', async () => {
  const world = await aWorld();
  const context = await aContext(world);
  const submit = { tenant: 'resource', idempotencyKey: 'uid-1', body };
  expect((await submitJob(context, submit)).record.job).not.toBe(jobIdOfOwner('uid-1'));
});

test('the error for a lost answer names no idempotency key, because a resource is retried automatically', async () => {
  const world = await aWorld();
  const context = await aContext(world);
  world.log.away = true;
  await expect(submitJob(context, ofOwner('uid-1'))).rejects.toMatchObject({ code: 'Unavailable', details: {} });
});

test('a stored job is found even if its pool has been deleted since', async () => {
  const world = await aWorld();
  const context = await aContext(world);
  const resource: GenerationJob = create(world, 'yard');
  const { job } = await submitResource(context, resource);
  await world.pools.remove('default');
  // A process that has just started and does not know the job yet.
  context.follower.index.clear();
  expect((await submitResource(context, resource)).job).toBe(job);
  await expect(submitResource(context, create(world, 'other'))).rejects.toMatchObject({ code: 'PoolNotFound' });
});

test('leftovers of an expired job do not become a new job', async () => {
  const world = await aWorld();
  const context = await aContext(world);
  const resource = create(world, 'yard');
  await submitResource(context, resource);
  const { claim, succeed, read } = hands(world, resource);
  await claim();
  await succeed();
  const { last } = (await read())!.tasks[0]!;
  world.log.append(deleted(last.state as never, world.clock.now()), { message: 'Deleted' });
  const stored = world.log.stream.lastSequence;
  await expect(submitResource(context, resource)).rejects.toMatchObject({ code: 'JobNotFound' });
  expect(world.log.stream.lastSequence).toBe(stored);
});

test('a schema that cannot be used is refused with its place', async () => {
  const world = await aWorld();
  const context = await aContext(world);
  const schema = { type: 'object', properties: { code: { type: 'string', pattern: '^(?=.*\\d)' } } };
  const resource = create(world, 'plan', { kind: 'text', tasks: [{}, { input: { schema } }], input: { prompt: 'x' } });
  await expect(submitResource(context, resource)).rejects.toMatchObject({
    code: 'InvalidRequest',
    message: expect.stringMatching(/^tasks\[1\]\.input\.schema\.properties\.code\.pattern: lookahead/),
  });
});
