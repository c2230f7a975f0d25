// Cancel, retry and review: each decides on the last message, and again when another write came first.
import { describe, expect, test } from 'vitest';
import { GenwardenError } from '../../../src/job/errors/index.ts';
import type { Running } from '../../../src/job/task.ts';
import { claimed, failed, succeeded, toReview } from '../../../src/job/transitions.ts';
import { apiWorld, type ApiWorld } from '../../fakes/apiWorld.ts';
import { start } from '../../fakes/tasks.ts';

const fail = (state: Running, now: number) => failed(state, 'ProviderError', now);

async function failedJob(world: ApiWorld, over: object = {}): Promise<string> {
  const id = await world.submit(over);
  await world.claim(id);
  await world.finish(id, 0, fail);
  return id;
}

describe('POST …/cancel', () => {
  test('ends every open task immediately, cancels the attempt at its worker, and keeps results', async () => {
    await using world = await apiWorld();
    const id = await world.submit({ tasks: [{}, {}, {}] });
    await world.claim(id, 0);
    await world.finish(id, 0, succeeded);
    const { sequence } = await world.claim(id, 1);
    const { status, json } = await world.post(`/v1/jobs/${id}/cancel`);
    expect(status).toBe(200);
    expect(json).toMatchObject({ state: 'cancelled', finishedAt: new Date(start).toISOString() });
    expect(json.tasks.map(({ state }: { state: string }) => state)).toEqual(['succeeded', 'cancelled', 'cancelled']);
    expect(world.heartbeats.sentCancellations).toEqual([
      { worker: 'worker-1', cancellation: { job: id, task: 1, claim: sequence, reason: 'Cancelled' } },
    ]);
    expect(world.follower.index.job(id)!.openTasks).toBe(0);
    expect((await world.get(`/v1/jobs/${id}`)).json).toEqual(json);
  });

  test('lets running tasks end when asked to', async () => {
    await using world = await apiWorld();
    const id = await world.submit({ tasks: [{}, {}] });
    await world.claim(id, 0);
    const { json } = await world.post(`/v1/jobs/${id}/cancel`, { running: 'finish' });
    expect(json.tasks.map(({ state }: { state: string }) => state)).toEqual(['running', 'cancelled']);
    expect(world.heartbeats.sentCancellations).toEqual([]);
  });

  test('twice is fine, of a finished job it is a conflict', async () => {
    await using world = await apiWorld();
    const id = await world.submit();
    expect((await world.post(`/v1/jobs/${id}/cancel`)).status).toBe(200);
    expect((await world.post(`/v1/jobs/${id}/cancel`)).status).toBe(200);
    const done = await failedJob(world);
    expect(await world.post(`/v1/jobs/${done}/cancel`)).toMatchObject({
      status: 409,
      json: { code: 'JobAlreadyFinished' },
    });
  });

  test('decides again when another write came first, and never writes twice on the same message', async () => {
    await using world = await apiWorld();
    const id = await world.submit();
    const tried: number[] = [];
    world.log.beforeWrite = async () => {
      const { last } = (await world.log.read(id))!.tasks[0]!;
      tried.push(last.sequence);
      if (last.state.state === 'queued') {
        const state = claimed(last.state, 'worker-9', 1, start);
        world.log.append(state, { message: 'Claimed' });
      }
    };
    const { json } = await world.post(`/v1/jobs/${id}/cancel`);
    expect(json.tasks[0]).toMatchObject({ state: 'cancelled', worker: 'worker-9' });
    expect(new Set(tried).size).toBe(tried.length);
    expect(world.heartbeats.sentCancellations).toMatchObject([{ worker: 'worker-9' }]);
  });

  test('a task that succeeds first stays so', async () => {
    await using world = await apiWorld();
    const id = await world.submit();
    await world.claim(id);
    world.log.beforeWrite = async () => {
      const { last } = (await world.log.read(id))!.tasks[0]!;
      if (last.state.state === 'running') {
        world.log.append(succeeded(last.state, start), { message: 'Done' });
      }
    };
    expect(await world.post(`/v1/jobs/${id}/cancel`)).toMatchObject({ json: { code: 'JobAlreadyFinished' } });
    expect((await world.get(`/v1/jobs/${id}`)).json.state).toBe('succeeded');
  });

  test('stops at the first unanswered write, reports what was cancelled, and continues when repeated', async () => {
    await using world = await apiWorld();
    const id = await world.submit({ tasks: Array.from({ length: 100 }, () => ({})) });
    await world.claim(id, 0);
    let writes = 0;
    world.log.beforeWrite = async () => {
      writes += 1;
      if (writes > 40) throw new GenwardenError('Unavailable', 'NATS did not answer');
    };
    expect(await world.post(`/v1/jobs/${id}/cancel`)).toMatchObject({ status: 503, json: { code: 'Unavailable' } });
    expect(writes).toBeLessThan(80);
    expect(world.heartbeats.sentCancellations).toHaveLength(1);
    world.log.beforeWrite = undefined;
    expect(await world.post(`/v1/jobs/${id}/cancel`)).toMatchObject({
      status: 200,
      json: { progress: { cancelled: 100 } },
    });
    expect(world.heartbeats.sentCancellations).toHaveLength(1);
  });

  test('an unknown field, an unknown job', async () => {
    await using world = await apiWorld();
    const id = await world.submit();
    expect((await world.post(`/v1/jobs/${id}/cancel`, { runing: 'finish' })).json.errors).toEqual([
      { path: 'runing', message: 'is not a known field' },
    ]);
    expect((await world.post('/v1/jobs/01hzy3v8k0000000000000none/cancel')).json.code).toBe('JobNotFound');
    const empty = await world.post(`/v1/jobs/${id}/cancel`, '', { 'content-type': 'application/json' });
    expect(empty.status).toBe(200);
  });
});

describe('POST …/retry', () => {
  test('starts a new run of failed and cancelled tasks, and keeps the others', async () => {
    await using world = await apiWorld();
    const id = await world.submit({ tasks: [{ name: 'a' }, { name: 'b' }, { name: 'c' }], metadata: 'kept' });
    for (const task of [0, 1]) await world.claim(id, task);
    await world.finish(id, 0, succeeded);
    await world.finish(id, 1, fail);
    await world.post(`/v1/jobs/${id}/cancel`);
    world.clock.skip(60_000);
    const { status, json } = await world.post(`/v1/jobs/${id}/retry`);
    expect(status).toBe(202);
    expect(json.metadata).toBe('kept');
    expect(json.tasks).toMatchObject([
      { state: 'succeeded', run: 1 },
      { state: 'queued', run: 2, attempt: 0, reason: 'Retried', queuedAt: new Date(start + 60_000).toISOString() },
      { state: 'queued', run: 2 },
    ]);
    expect(await world.claim(id, 1)).toMatchObject({ state: { attempt: 1, run: 2 } });
  });

  test('of named tasks alone, by name or index', async () => {
    await using world = await apiWorld();
    const id = await world.submit({ tasks: [{ name: 'a' }, { name: 'b' }, { name: '0' }] });
    await world.post(`/v1/jobs/${id}/cancel`);
    const { json } = await world.post(`/v1/jobs/${id}/retry`, { tasks: ['b', 0] });
    expect(json.tasks.map(({ state }: { state: string }) => state)).toEqual(['queued', 'queued', 'cancelled']);
  });

  test('refuses an open job, one with nothing to retry, unknown tasks, and what cannot end before it expires', async () => {
    await using world = await apiWorld();
    const open = await world.submit();
    expect(await world.post(`/v1/jobs/${open}/retry`)).toMatchObject({ status: 409, json: { code: 'JobNotFinished' } });
    const done = await world.submit({ tasks: [{ name: 'a' }] });
    await world.claim(done);
    await world.finish(done, 0, succeeded);
    expect(await world.post(`/v1/jobs/${done}/retry`)).toMatchObject({ status: 409, json: { code: 'NothingToRetry' } });
    expect(await world.post(`/v1/jobs/${done}/retry`, { tasks: ['a'] })).toMatchObject({
      json: { code: 'NothingToRetry' },
    });
    const id = await failedJob(world);
    expect(await world.post(`/v1/jobs/${id}/retry`, { tasks: ['x'] })).toMatchObject({
      status: 404,
      json: { code: 'TaskNotFound' },
    });
    expect(await world.post(`/v1/jobs/${id}/retry`, { tasks: [] })).toMatchObject({ status: 422 });
    world.clock.skip(6.5 * 86_400_000);
    expect(await world.post(`/v1/jobs/${id}/retry`)).toMatchObject({
      status: 409,
      json: { code: 'JobExpiresTooSoon' },
    });
  });

  test('refuses a job whose own deadline has passed', async () => {
    await using world = await apiWorld();
    const id = await failedJob(world, { policy: { deadline: '1h' } });
    world.clock.skip(3_600_000);
    expect(await world.post(`/v1/jobs/${id}/retry`)).toMatchObject({
      json: { code: 'JobExpiresTooSoon', detail: /deadline passed/ },
    });
  });
});

describe('POST …/review', () => {
  async function inReview(world: ApiWorld): Promise<string> {
    const id = await world.submit({ policy: { review: 'always' }, tasks: [{ name: 'yard', metadata: 'kept' }] });
    await world.claim(id);
    const artifacts = [{ name: 'image', mediaType: 'image/png', bytes: 3, digest: `sha256:${'a'.repeat(64)}` }];
    await world.finish(id, 0, toReview, { artifacts });
    return id;
  }
  const review = (world: ApiWorld, id: string, body: object) => world.post(`/v1/jobs/${id}/tasks/yard/review`, body);

  test('approve: succeeded, with its results', async () => {
    await using world = await apiWorld();
    const id = await inReview(world);
    const { status, json } = await review(world, id, { run: 1, decision: 'approve', note: 'lovely' });
    expect([status, json.state]).toEqual([200, 'succeeded']);
    expect(json.tasks[0]).toMatchObject({ reason: 'Approved', artifacts: [{ name: 'image' }] });
    expect(json.tasks[0].message).toContain('lovely');
  });

  test('reject: failed, with the reason', async () => {
    await using world = await apiWorld();
    const { json } = await review(world, await inReview(world), { run: 1, decision: 'reject' });
    expect(json.tasks[0]).toMatchObject({
      state: 'failed',
      reason: 'RejectedInReview',
      error: { code: 'RejectedInReview' },
    });
  });

  test('tweak: a new run with the instruction and the earlier image, and the next tweak takes its place', async () => {
    await using world = await apiWorld();
    const id = await inReview(world);
    const tweak = { run: 1, decision: 'tweak', instruction: 'Fix red violations' };
    const { status, json } = await review(world, id, tweak);
    expect([status, json.state]).toEqual([202, 'queued']);
    expect(json.tasks[0]).toMatchObject({ run: 2, reason: 'Tweaked', metadata: 'kept' });
    const { input } = (await world.log.read(id))!.tasks[0]!.request;
    expect(input.prompt).toMatch(/^a yard\n[^]*Fix red violations$/);
    expect(input.references).toEqual([
      { artifact: `sha256:${'a'.repeat(64)}`, mediaType: 'image/png', bytes: 3, caption: 'the earlier result' },
    ]);
    await world.claim(id);
    const artifacts = [{ name: 'image', mediaType: 'image/png', bytes: 3, digest: `sha256:${'b'.repeat(64)}` }];
    await world.finish(id, 0, toReview, { artifacts });
    await review(world, id, { ...tweak, run: 2 });
    const again = (await world.log.read(id))!.tasks[0]!.request.input.references!;
    expect(again.map(({ artifact }) => artifact)).toEqual([`sha256:${'b'.repeat(64)}`]);
  });

  test('refuses another state or run, and a tweak that says nothing', async () => {
    await using world = await apiWorld();
    const id = await inReview(world);
    expect(await review(world, id, { run: 2, decision: 'approve' })).toMatchObject({
      status: 409,
      json: { code: 'NotInReview' },
    });
    expect((await review(world, id, { run: 1, decision: 'tweak' })).json.errors[0].path).toBe('instruction');
    expect((await review(world, id, { run: 1, decision: 'approve', instruction: 'x' })).status).toBe(422);
    expect((await review(world, id, { run: 1, decision: 'maybe' })).status).toBe(422);
    await review(world, id, { run: 1, decision: 'approve' });
    expect(await review(world, id, { run: 1, decision: 'approve' })).toMatchObject({ json: { code: 'NotInReview' } });
  });
});
