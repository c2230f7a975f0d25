// Reading jobs: one, its history, and lists.
import { describe, expect, test } from 'vitest';
import { historySchema, jobListSchema, jobSchema } from '../../../src/api/view/schemas.ts';
import { taskError } from '../../../src/job/errors/index.ts';
import { afterFailure } from '../../../src/job/retryOrFail.ts';
import { failed, succeeded, waiting } from '../../../src/job/transitions.ts';
import { apiWorld, type ApiWorld } from '../../fakes/apiWorld.ts';
import { aBeat } from '../../fakes/heartbeats.ts';
import { start } from '../../fakes/tasks.ts';
import { until } from '../../support/until.ts';

const iso = (ms: number): string => new Date(ms).toISOString();

describe('GET /v1/jobs/{id}', () => {
  test('shows the job with every task as it is, and the progress that workers tell', async () => {
    await using world = await apiWorld();
    const id = await world.submit({ tasks: [{}, {}, {}, {}] });
    world.clock.skip(1_000);
    for (const task of [0, 1, 2]) await world.claim(id, task);
    world.clock.skip(2_000);
    await world.finish(id, 0, succeeded, { usage: { inputTokens: 1, outputTokens: 2, durationMs: 3 } });
    const error = taskError('ProviderUnavailable', 'It is down', { provider: { status: 503, code: 'UNAVAILABLE' } });
    await world.finish(id, 1, (state, now) => failed(state, 'ProviderUnavailable', now), { error });
    const { sequence } = world.follower.index.task(id, 2)!;
    world.heartbeats.beat(aBeat({ tasks: [{ job: id, task: 2, claim: sequence, progress: 0.5 }] }));
    const { json } = await until(
      async () => {
        const answer = await world.get(`/v1/jobs/${id}`);
        return answer.json.tasks[2].progress > 0 && answer;
      },
      { what: 'the beat to be heard' },
    );
    expect(() => jobSchema.strict().parse(json)).not.toThrow();
    expect(json).toMatchObject({
      state: 'running',
      startedAt: iso(start + 1_000),
      finishedAt: null,
      progress: { total: 4, queued: 1, running: 1, succeeded: 1, failed: 1, fraction: 0.625 },
    });
    expect(json.tasks).toMatchObject([
      {
        state: 'succeeded',
        progress: 1,
        completedAt: iso(start + 3_000),
        failedAt: null,
        dueAt: null,
        worker: 'worker-1',
        usage: { durationMs: 3 },
      },
      {
        state: 'failed',
        failedAt: iso(start + 3_000),
        reason: 'ProviderUnavailable',
        error: { retryable: true, hint: expect.any(String), provider: { status: 503, code: 'UNAVAILABLE' } },
      },
      {
        state: 'running',
        progress: 0.5,
        worker: 'worker-1',
        dueAt: iso(start + 91_000),
        startedAt: iso(start + 1_000),
      },
      { state: 'queued', progress: 0, worker: null, error: null },
    ]);
  });

  test('believes progress of the claim that counts alone', async () => {
    await using world = await apiWorld();
    const id = await world.submit();
    const { sequence } = await world.claim(id);
    const beat = (claim: number, number: number) =>
      world.heartbeats.beat(aBeat({ number, tasks: [{ job: id, task: 0, claim, progress: 0.9 }] }));
    beat(sequence - 1, 1);
    await until(async () => (await world.get('/v1/workers')).json.items.length === 1, { what: 'the worker' });
    expect((await world.get(`/v1/jobs/${id}`)).json.tasks[0].progress).toBe(0);
    beat(sequence, 2);
    await until(async () => (await world.get(`/v1/jobs/${id}`)).json.tasks[0].progress === 0.9, { what: 'progress' });
  });

  test('leaves tasks out, or all but those in a state', async () => {
    await using world = await apiWorld();
    const id = await world.submit({ tasks: [{}, {}] });
    await world.claim(id, 1);
    expect((await world.get(`/v1/jobs/${id}?tasks=false`)).json.tasks).toBeUndefined();
    const shown = async (query: string) =>
      (await world.get(`/v1/jobs/${id}?${query}`)).json.tasks.map(({ index }: { index: number }) => index);
    expect(await shown('taskState=running')).toEqual([1]);
    expect(await shown('taskState=running&taskState=queued')).toEqual([0, 1]);
    expect(await shown('taskState=open')).toEqual([0, 1]);
    expect(await shown('taskState=failed')).toEqual([]);
  });

  test('says when to read again: soon, or at the retry of a waiting job', async () => {
    await using world = await apiWorld();
    const id = await world.submit();
    expect((await world.get(`/v1/jobs/${id}`)).headers['retry-after']).toBe('2');
    await world.post('/v1/pools/default/pause', { for: '20s' });
    world.clock.skip(1_000);
    expect((await world.get(`/v1/jobs/${id}`)).headers['retry-after']).toBe('19');
    await world.post('/v1/pools/default/pause', { for: '10m' });
    world.clock.skip(1_000);
    expect((await world.get(`/v1/jobs/${id}`)).headers['retry-after']).toBe('30');
    await world.claim(id);
    await world.finish(id, 0, (state, now) => waiting(state, 'ProviderError', now + 10_000, now));
    const answer = await world.get(`/v1/jobs/${id}`);
    expect(answer.headers['retry-after']).toBe('10');
    expect(answer.json.tasks[0]).toMatchObject({ state: 'waiting', retryAt: iso(start + 12_000) });
    await world.post(`/v1/jobs/${id}/cancel`);
    expect((await world.get(`/v1/jobs/${id}`)).headers['retry-after']).toBeUndefined();
  });

  test('a job is gone after its retention, deleted, or of another tenant', async () => {
    await using world = await apiWorld();
    const id = await world.submit();
    world.clock.skip(7 * 86_400_000);
    expect((await world.get(`/v1/jobs/${id}`)).json).toMatchObject({ status: 404, code: 'JobNotFound' });
  });

  test('503 with Retry-After while NATS is away, and back after', async () => {
    await using world = await apiWorld();
    const id = await world.submit();
    world.log.away = true;
    expect(await world.get(`/v1/jobs/${id}`)).toMatchObject({
      status: 503,
      json: { code: 'Unavailable' },
      headers: { 'retry-after': '1' },
    });
    world.log.away = false;
    expect((await world.get(`/v1/jobs/${id}`)).status).toBe(200);
  });
});

test('GET …/history shows every message as a transition, in order', async () => {
  await using world = await apiWorld();
  const id = await world.submit({ tasks: [{ name: 'a' }, {}] });
  await world.claim(id, 1);
  await world.claim(id, 0);
  const error = taskError('ProviderError', 'It broke');
  await world.finish(id, 0, (state, now) => afterFailure(state, error, now, 0.5).state, { error });
  const { json } = await world.get(`/v1/jobs/${id}/history`);
  expect(() => historySchema.strict().parse(json)).not.toThrow();
  expect(json.items).toMatchObject([
    { task: 0, name: 'a', state: 'queued', lane: 'normal', reason: 'Submitted' },
    { task: 1, state: 'queued' },
    { task: 1, state: 'running', worker: 'worker-1', attempt: 1 },
    { task: 0, state: 'running' },
    {
      task: 0,
      state: 'waiting',
      reason: 'ProviderError',
      error: { code: 'ProviderError' },
      retryAt: iso(start + 3_000),
    },
  ]);
});

describe('GET /v1/jobs', () => {
  const ids = async (world: ApiWorld, query = ''): Promise<string[]> =>
    (await world.get(`/v1/jobs${query}`)).json.items.map(({ id }: { id: string }) => id);

  test('newest first, without tasks and metadata, page by page', async () => {
    await using world = await apiWorld();
    const submitted: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      submitted.unshift(await world.submit({ metadata: { count } }));
      world.clock.skip(10);
    }
    const { json } = await world.get('/v1/jobs?limit=2');
    expect(() => jobListSchema.strict().parse(json)).not.toThrow();
    expect(json.items[0]).not.toHaveProperty('tasks');
    expect(json).toMatchObject({ complete: true, since: null });
    const pages = [json.items.map(({ id }: { id: string }) => id)];
    let { next } = json;
    while (next !== null) {
      const page = (await world.get(`/v1/jobs?limit=2&cursor=${next}`)).json;
      pages.push(page.items.map(({ id }: { id: string }) => id));
      ({ next } = page);
    }
    expect(pages).toEqual([submitted.slice(0, 2), submitted.slice(2, 4), submitted.slice(4)]);
    expect((await world.get('/v1/jobs?limit=5')).json.next).toBeNull();
  });

  test('filters by state, pool, kind and labels', async () => {
    await using world = await apiWorld();
    const queued = await world.submit({ labels: { project: 'p1', env: 'test' } });
    world.clock.skip(1);
    const running = await world.submit({ pool: 'drawings', labels: { project: 'p1' } });
    await world.claim(running);
    world.clock.skip(1);
    const done = await world.submit({ kind: 'text' });
    await world.claim(done);
    await world.finish(done, 0, succeeded);
    expect(await ids(world)).toEqual([done, running, queued]);
    expect(await ids(world, '?state=queued')).toEqual([queued]);
    expect(await ids(world, '?state=open')).toEqual([running, queued]);
    expect(await ids(world, '?state=running&state=succeeded')).toEqual([done, running]);
    expect(await ids(world, '?pool=drawings')).toEqual([running]);
    expect(await ids(world, '?kind=text')).toEqual([done]);
    expect(await ids(world, '?label=project=p1')).toEqual([running, queued]);
    expect(await ids(world, '?label=project=p1&label=env=test')).toEqual([queued]);
    expect(await ids(world, '?pool=nowhere')).toEqual([]);
  });

  test('says where the index does not reach further back, but open jobs are always all there', async () => {
    await using world = await apiWorld();
    await world.submit();
    world.follower.index.incompleteUpTo(start - 1_000);
    expect((await world.get('/v1/jobs')).json).toMatchObject({ complete: false, since: iso(start - 1_000) });
    expect((await world.get('/v1/jobs?state=open')).json).toMatchObject({ complete: true, since: null });
  });

  test('an index that has lagged for longer than a failover takes is not shown', async () => {
    await using world = await apiWorld();
    const lagging = (ms: number) => {
      world.follower.ready = () => ({ ready: false, reason: 'no word from the stream' });
      world.follower.lag = () => ms;
    };
    lagging(10_000);
    expect((await world.get('/v1/jobs')).status).toBe(200);
    lagging(10_001);
    expect((await world.get('/v1/jobs')).json).toMatchObject({ status: 503, code: 'NotReady', detail: /no word/ });
  });

  test('reads a job of which the index has seen only a part', async () => {
    await using world = await apiWorld();
    const id = await world.submit({ tasks: [{}, {}] });
    for (const task of [0, 1]) {
      await world.claim(id, task);
      await world.finish(id, task, task === 0 ? (state, now) => failed(state, 'ProviderError', now) : succeeded);
    }
    const { last } = (await world.log.read(id))!.tasks[1]!;
    world.follower.index.clear();
    world.follower.applyOwn(last);
    expect((await world.get('/v1/jobs')).json.items).toMatchObject([
      { id, state: 'failed', progress: { total: 2, failed: 1 } },
    ]);
    expect(await ids(world, '?state=succeeded')).toEqual([]);
  });
});
