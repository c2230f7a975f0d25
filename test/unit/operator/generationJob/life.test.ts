// The lifecycle of a GenerationJob: submitted once, mirrored in few writes, recorded in events, deleted after its TTL.
import { expect, test } from 'vitest';
import { generationJobStatus } from '../../../../src/operator/resources/generationJob.ts';
import { anOperator, aWorld, conditions, create, hands, peek, start, statusWrites, reconciled } from './stage.ts';

const iso = (ms: number): string => new Date(ms).toISOString();

test('an image job takes four status writes, the first of which claims it, and three events from its creation to Complete', async () => {
  const { world, operator, resource } = await reconciled(
    'yard',
    { jobMetadata: { brand: 'b1' } },
    { labels: { project: 'p42' } },
  );
  const { claim, succeed, job, read } = hands(world, resource);
  expect(peek(world, 'yard')?.status).toMatchObject({ jobId: job, state: 'queued', tasks: { total: 1, done: '0/1' } });
  expect(conditions(peek(world, 'yard'))).toEqual({
    Accepted: 'True Submitted',
    Complete: 'False NotFinished',
    Failed: 'False NotFinished',
    Finished: 'False Queued',
    Ready: 'False Queued',
    Reconciling: 'True Queued',
  });
  const record = (await read())!;
  expect(record.tasks[0]!.last.state.of).toMatchObject({
    tenant: 'shop',
    owner: resource.metadata.uid,
    labels: { project: 'p42' },
  });
  expect(record.tasks[0]!.request.jobMetadata).toEqual({ brand: 'b1' });
  world.clock.skip(500);
  await claim();
  await operator.settle();
  expect(peek(world, 'yard')?.status).toMatchObject({ state: 'running', startTime: iso(start + 500) });
  world.clock.skip(8_000);
  await succeed();
  await operator.settle();
  const { status } = peek(world, 'yard')!;
  expect(() => generationJobStatus.parse(status)).not.toThrow();
  expect(status).toMatchObject({ state: 'succeeded', completionTime: iso(start + 8_500), tasks: { done: '1/1' } });
  expect(conditions(peek(world, 'yard'))).toEqual({
    Accepted: 'True Submitted',
    Complete: 'True Succeeded',
    Failed: 'False EndedOtherwise',
    Finished: 'True Succeeded',
    Ready: 'True Succeeded',
  });
  expect(statusWrites(world)).toBe(4);
  expect(operator.events.map(({ reason }) => reason)).toEqual(['Submitted', 'Running', 'Succeeded']);
});

test('a failed job has the code and message in its status and conditions', async () => {
  const { world, operator, resource } = await reconciled('yard', { tasks: [{ name: 'front' }, { name: 'walk' }, {}] });
  const { claim, succeed, fail } = hands(world, resource);
  for (const task of [0, 1, 2]) await claim(task);
  await succeed(0);
  await fail(1);
  await fail(2);
  await operator.settle();
  const { status } = peek(world, 'yard')!;
  const message = '2 of 3 tasks failed; task 1 (walk): It took too long';
  expect(status).toMatchObject({ state: 'failed', reason: 'AttemptTimeout', message, tasks: { done: '1/3' } });
  expect(conditions(peek(world, 'yard'))).toMatchObject({
    Complete: 'False EndedOtherwise',
    Failed: 'True AttemptTimeout',
    Finished: 'True AttemptTimeout',
  });
  expect(operator.events.at(-1)).toMatchObject({
    type: 'Warning',
    reason: 'Failed',
    note: `AttemptTimeout: ${message}`,
  });
});

test('a cancelled job is Failed with the reason Cancelled', async () => {
  const { world, operator, resource } = await reconciled();
  const { claim, cancel } = hands(world, resource);
  await claim();
  await cancel();
  await operator.settle();
  expect(peek(world, 'yard')?.status).toMatchObject({ state: 'cancelled', message: 'Cancelled by somebody' });
  expect(conditions(peek(world, 'yard'))).toMatchObject({ Failed: 'True Cancelled', Finished: 'True Cancelled' });
  expect(operator.events.at(-1)).toMatchObject({ type: 'Normal', reason: 'Cancelled' });
});

test('counts are written at most every ten seconds, the final status at once', async () => {
  const { world, operator, resource } = await reconciled('many', { tasks: Array.from({ length: 40 }, () => ({})) });
  const { claim, succeed } = hands(world, resource);
  await claim(39);
  for (let task = 0; task < 39; task += 1) {
    await claim(task);
    await operator.after(500);
    await succeed(task);
    await operator.after(500);
  }
  // In 39 s: accepted, started, three counts.
  expect(statusWrites(world)).toBe(6);
  expect(peek(world, 'many')?.status).toMatchObject({ state: 'running', tasks: { succeeded: 30 } });
  await succeed(39);
  await operator.settle();
  expect(peek(world, 'many')?.status).toMatchObject({ state: 'succeeded', tasks: { succeeded: 40, done: '40/40' } });
});

test('the resource is deleted after its TTL, and its job is kept', async () => {
  const { world, operator, resource } = await reconciled('yard', { ttlSecondsAfterFinished: 60 });
  const { claim, succeed, read } = hands(world, resource);
  await claim();
  await succeed();
  await operator.settle();
  await operator.after(59_000);
  expect(peek(world, 'yard')).toBeDefined();
  await operator.after(1_000);
  expect(peek(world, 'yard')).toBeUndefined();
  await operator.after(60_000);
  expect((await read())!.tasks[0]!.last.state.state).toBe('succeeded');
  expect(world.heartbeats.sentCancellations).toEqual([]);
});

test('a retry through the API reopens the resource, which then finishes again', async () => {
  const { world, operator, resource } = await reconciled();
  const { claim, fail, succeed, retry } = hands(world, resource);
  await claim();
  await fail();
  await operator.after(5_000);
  await retry();
  await operator.settle();
  expect(peek(world, 'yard')?.status).toMatchObject({ state: 'queued', reason: 'Retried' });
  expect(peek(world, 'yard')?.status).not.toHaveProperty('completionTime');
  expect(conditions(peek(world, 'yard'))).toMatchObject({ Failed: 'False NotFinished', Finished: 'False Retried' });
  await claim();
  await operator.after(10_000);
  expect(conditions(peek(world, 'yard'))).toMatchObject({ Finished: 'False Retried' });
  await succeed();
  await operator.settle();
  expect(conditions(peek(world, 'yard'))).toMatchObject({ Complete: 'True Succeeded', Failed: 'False EndedOtherwise' });
  expect(operator.events.map(({ reason }) => reason)).toEqual([
    'Submitted',
    'Running',
    'Failed',
    'Retried',
    'Succeeded',
  ]);
});

test('a restart with many resources reads one list and writes nothing', async () => {
  const world = await aWorld();
  const first = await anOperator(world);
  const resources = Array.from({ length: 200 }, (_, at) => create(world, `job-${at}`));
  await first.settle();
  for (const resource of resources.slice(0, 100)) {
    await hands(world, resource).claim();
    await hands(world, resource).succeed();
  }
  await first.settle();
  await first.stop();
  world.cluster.calls.length = 0;
  const messages = world.log.stream.lastSequence;
  const second = await anOperator(world);
  await second.after(700_000);
  const verbs = world.cluster.calls.map(({ verb }) => verb);
  expect(verbs.filter((verb) => verb !== 'watch')).toEqual(['list']);
  expect(world.log.stream.lastSequence).toBe(messages);
  expect(second.events).toEqual([]);
});

test('an outdated version is not overwritten: the write waits for the cache', async () => {
  const { world, operator, resource } = await reconciled();
  await hands(world, resource).claim();
  // The object changes without a watch event.
  world.cluster.dropEvents(1);
  create(world, 'yard', {}, { labels: { first: 'unheard' } });
  await operator.after(1_000);
  expect(peek(world, 'yard')?.status).toMatchObject({ state: 'queued' });
  create(world, 'yard', {}, { labels: { second: 'heard' } });
  await operator.after(1_000);
  expect(peek(world, 'yard')?.status).toMatchObject({ state: 'running' });
  expect(operator.errors).toEqual([]);
});
