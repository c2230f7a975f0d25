// The list of stuck tasks, and failing them, over HTTP.

import { describe, expect, test } from 'vitest';
import { failed, toReview, waiting } from '../../../src/job/transitions.ts';
import { apiWorld } from '../../fakes/apiWorld.ts';
import { fakeInstallationProbe } from '../../fakes/installationProbe.ts';
import { start } from '../../fakes/tasks.ts';

const minute = 60_000;
const iso = (at: number): string => new Date(at).toISOString();

describe('GET /v1/stuck', () => {
  const stuck = async (world: Awaited<ReturnType<typeof apiWorld>>, query = '') => {
    const { status, json } = await world.get(`/v1/stuck${query}`);
    expect(status).toBe(200);
    return json.items as { job: string; state: string; overdue: boolean; cause: string }[];
  };

  test('lists tasks without progress for that long, with explanations, and no younger ones', async () => {
    await using world = await apiWorld();
    const job = await world.submit();
    expect(await stuck(world)).toEqual([]);
    world.clock.skip(5 * minute);
    expect(await stuck(world)).toMatchObject([{ job, state: 'queued', overdue: false, cause: 'NoWorkers' }]);
    expect(await stuck(world, '?olderThan=6m')).toEqual([]);
    expect(await stuck(world, '?olderThan=0s&pool=drawings')).toEqual([]);
    expect(await stuck(world, `?jobId=${job}`)).toHaveLength(1);
  });

  test('says what it looked at', async () => {
    await using world = await apiWorld({ installation: fakeInstallationProbe() });
    const job = await world.submit();
    await world.submit({ pool: 'drawings', model: 'gpt-image-1' });
    await world.claim(job);
    await world.finish(job, 0, (state, now) => failed(state, 'PromptRefused', now));
    const { json } = await world.get('/v1/stuck');
    expect(json.searched).toEqual({
      tenant: null,
      openTasks: 1,
      jobs: 2,
      jobState: null,
      sequence: 4,
      at: iso(start),
      ageMs: 0,
      complete: true,
      leader: 'controller-1',
    });
    const ofJob = (await world.get(`/v1/stuck?jobId=${job}`)).json.searched;
    expect(ofJob).toMatchObject({ openTasks: 0, jobs: 1, jobState: 'failed' });
    expect((await world.get('/v1/stuck?pool=default')).json.searched).toMatchObject({ openTasks: 0, jobs: 2 });
  });

  test('no list for what does not exist: a job, a pool', async () => {
    await using world = await apiWorld();
    const job = await world.get(`/v1/stuck?jobId=${'0'.repeat(26)}`);
    expect([job.status, job.json.code]).toEqual([404, 'JobNotFound']);
    const pool = await world.get('/v1/stuck?pool=defualt');
    expect([pool.status, pool.json.code]).toEqual([422, 'PoolNotFound']);
    expect(pool.json.detail).toBe('There is no pool defualt; available: default, drawings');
  });

  test('while NATS is away, neither an empty list of stuck tasks nor one of jobs or workers', async () => {
    await using world = await apiWorld();
    world.log.away = true;
    for (const url of ['/v1/stuck', '/v1/jobs', '/v1/workers']) {
      const { status, json } = await world.get(url);
      expect([url, status, json.code]).toEqual([url, 503, 'Unavailable']);
      expect(json.hint).toMatch(/^Nothing was changed/);
    }
    world.log.away = false;
    for (const url of ['/v1/stuck', '/v1/jobs', '/v1/workers']) {
      expect([url, (await world.get(url)).status]).toEqual([url, 200]);
    }
  });

  test('a queue that moves is not stuck, however long it is', async () => {
    await using world = await apiWorld();
    const [first] = [await world.submit({ policy: { attemptTimeout: '30m', runTimeout: '1h' } }), await world.submit()];
    world.clock.skip(20 * minute);
    await world.claim(first);
    expect(await stuck(world)).toEqual([]);
    world.clock.skip(6 * minute);
    expect((await stuck(world)).map(({ state }) => state)).toEqual(['queued', 'running']);
  });

  test('a review is stuck only when it is overdue; so is a retry', async () => {
    await using world = await apiWorld();
    const reviewed = await world.submit({ policy: { review: 'always', reviewTimeout: '1h' } });
    await world.claim(reviewed);
    await world.finish(reviewed, 0, (state, now) => toReview(state, now));
    world.clock.skip(30 * minute);
    expect(await stuck(world)).toEqual([]);
    world.clock.skip(31 * minute);
    expect(await stuck(world)).toMatchObject([{ job: reviewed, overdue: true, cause: 'Overdue' }]);
    const retried = await world.submit();
    await world.claim(retried);
    await world.finish(retried, 0, (state, now) => waiting(state, 'ProviderUnavailable', now + minute, now));
    world.clock.skip(5 * minute + 2_000);
    expect((await stuck(world)).map(({ state, cause }) => [state, cause])).toEqual([
      ['needs_review', 'Overdue'],
      ['waiting', 'Overdue'],
    ]);
  });

  test('refuses unknown parameters', async () => {
    await using world = await apiWorld();
    expect((await world.get('/v1/stuck?olderThan=5')).json.code).toBe('InvalidRequest');
    expect((await world.get('/v1/stuck?older=5m')).json.code).toBe('InvalidRequest');
  });
});

describe('POST /v1/stuck/fix', () => {
  test('fails a task only if it has not moved since it was listed', async () => {
    await using world = await apiWorld();
    const [still, moved] = [await world.submit(), await world.submit()];
    world.clock.skip(5 * minute);
    const { items } = (await world.get('/v1/stuck')).json;
    await world.claim(moved);
    const tasks = items.map(({ job, task, sequence }: Record<string, unknown>) => ({ job, task, sequence }));
    const { status, json } = await world.post('/v1/stuck/fix', {
      tasks: [...tasks, { job: '0'.repeat(26), task: 0, sequence: 1 }],
    });
    expect(status).toBe(200);
    expect(json.items.map(({ outcome }: { outcome: string }) => outcome)).toEqual(['failed', 'changed', 'notFound']);
    expect((await world.get(`/v1/jobs/${still}`)).json).toMatchObject({
      state: 'failed',
      tasks: [{ reason: 'FailedByOperator', error: { code: 'FailedByOperator', retryable: false } }],
    });
    expect((await world.get(`/v1/jobs/${moved}`)).json.state).toBe('running');
    expect((await world.post('/v1/stuck/fix', { tasks })).json.items[0].outcome).toBe('changed');
  });

  test('cancels the attempt of a running task', async () => {
    await using world = await apiWorld();
    const job = await world.submit();
    const { sequence } = await world.claim(job);
    await world.post('/v1/stuck/fix', { tasks: [{ job, task: 0, sequence }] });
    expect(world.heartbeats.sentCancellations).toEqual([
      { worker: 'worker-1', cancellation: { job, task: 0, claim: sequence, reason: 'FailedByOperator' } },
    ]);
  });

  test('an administrator sees and fails those of all tenants, others only their own', async () => {
    await using world = await apiWorld({ auth: tokens() });
    const as = (token: string) => ({ authorization: `Bearer ${token}` });
    const { json } = await world.post('/v1/jobs', { kind: 'image', input: { prompt: 'a yard' } }, as('acme'));
    world.clock.skip(5 * minute);
    const seen = async (token: string) => (await world.get('/v1/stuck', as(token))).json.items;
    expect(await seen('other')).toEqual([]);
    expect(await seen('acme')).toMatchObject([{ job: json.id, tenant: 'acme' }]);
    const [task] = await seen('admin');
    const fix = { tasks: [{ job: task.job, task: 0, sequence: task.sequence }] };
    const outcome = async (token: string) => (await world.post('/v1/stuck/fix', fix, as(token))).json.items[0].outcome;
    expect(await outcome('other')).toBe('notFound');
    expect(await outcome('admin')).toBe('failed');
    expect((await world.post('/v1/pools/default/pause', {}, as('acme'))).json.code).toBe('Forbidden');
  });
});

function tokens() {
  const principal = (name: string, tenant: string, scopes: readonly ('admin' | 'jobs:read' | 'jobs:write')[]) => {
    return { id: name, name, tenant, scopes };
  };
  const known = {
    acme: principal('acme', 'acme', ['jobs:read', 'jobs:write']),
    other: principal('other', 'other', ['jobs:read', 'jobs:write']),
    admin: principal('admin', 'ops', ['admin']),
  } as const;
  return {
    find: (token: string) => (known as Record<string, (typeof known)[keyof typeof known]>)[token],
  };
}
