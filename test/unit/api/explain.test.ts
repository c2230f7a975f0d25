// Explanations, the list of stuck tasks, failing them, and pauses, over HTTP.

import { describe, expect, test } from 'vitest';
import type { Block } from '../../../src/job/block.ts';
import { failed, succeeded, toReview, waiting } from '../../../src/job/transitions.ts';
import type { KeyState } from '../../../src/ports/keyRing.ts';
import { apiWorld } from '../../fakes/apiWorld.ts';
import { aBeat } from '../../fakes/heartbeats.ts';
import { fakeInstallationProbe } from '../../fakes/installationProbe.ts';
import { scriptedKeys } from '../../fakes/keyRingView.ts';
import { start } from '../../fakes/tasks.ts';
import { until } from '../../support/until.ts';

const minute = 60_000;
const iso = (at: number): string => new Date(at).toISOString();

const cooling: KeyState = {
  pool: 'default',
  fingerprint: 'k1',
  state: 'cooling',
  until: start + 10 * minute,
  cause: 'RateLimited',
  inFlight: 0,
  requestsPerMinute: 10,
  callsLastMinute: 0,
  requestsLeft: 10,
  maxInFlight: 4,
  provider: null,
  message: '',
  models: [],
};

const rateLimited: Block = {
  reason: 'KeysCooling',
  code: 'RateLimited',
  until: cooling.until,
  since: null,
  provider: null,
  message: '',
  permanent: false,
  confirmed: true,
};

describe('GET /v1/jobs/{id}/explain', () => {
  test('a queued task without workers: position, what happens at dueAt, what to do', async () => {
    await using world = await apiWorld();
    await world.submit();
    const job = await world.submit();
    const { status, json } = await world.get(`/v1/jobs/${job}/explain`);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      id: job,
      state: 'queued',
      summary: 'No worker serves pool default',
      pool: { name: 'default', lanes: { normal: 2 }, workers: 0, paused: false, keys: null, lastClaimAt: null },
      tasks: [
        {
          task: 0,
          cause: 'NoWorkers',
          queue: { lane: 'normal', ahead: 1, aheadRequeued: 0, before: 1, startsInMs: null },
          worker: null,
          dueAt: iso(start + 24 * 60 * minute),
          next: [{ rule: 'QueueTimeout' }],
        },
      ],
    });
    expect(json.tasks[0].details[0]).toContain('1 task in lane normal is ahead of it');
  });

  test('a running task: who runs it, its last heartbeat, and the end of the attempt', async () => {
    await using world = await apiWorld();
    const job = await world.submit();
    const { sequence } = await world.claim(job);
    world.heartbeats.beat(aBeat({ tasks: [{ job, task: 0, claim: sequence, progress: 0.4 }] }));
    await until(async () => (await world.get('/v1/workers')).json.items.length === 1, { what: 'the heartbeat' });
    world.clock.skip(5_000);
    const { json } = await world.get(`/v1/jobs/${job}/explain`);
    expect(json.tasks[0]).toMatchObject({
      cause: 'WorkerSilent',
      worker: { name: 'worker-1', lastBeatMsAgo: 5_000, draining: false, progress: 0.4 },
      next: [{ rule: 'AttemptTimeout', at: iso(start + 90_000) }],
      budgetsLeft: { run: 295_000 },
    });
  });

  test('a task whose references are being read says so, in explain, get and workers', async () => {
    await using world = await apiWorld();
    const job = await world.submit();
    const { sequence } = await world.claim(job);
    const phase = { phase: 'references', read: 2, of: 14 } as const;
    world.heartbeats.beat(aBeat({ tasks: [{ job, task: 0, claim: sequence, progress: 0, phase }] }));
    await until(async () => (await world.get('/v1/workers')).json.items.length === 1, { what: 'the heartbeat' });
    const words = 'reading reference 3 of 14 from the artifact store';
    expect((await world.get(`/v1/jobs/${job}/explain`)).json.tasks[0].summary).toContain(`The worker is ${words}`);
    expect((await world.get(`/v1/jobs/${job}`)).json.tasks[0].phase).toBe(words);
    expect((await world.get('/v1/workers')).json.items[0].tasks[0].phase).toBe(words);
  });

  test('cooling keys and a paused pool', async () => {
    await using world = await apiWorld({
      keys: scriptedKeys({ state: async () => [cooling], block: () => rateLimited }),
    });
    world.heartbeats.beat(aBeat());
    await until(async () => (await world.get('/v1/workers')).json.items.length === 1, { what: 'the heartbeat' });
    const job = await world.submit();
    expect((await world.get(`/v1/jobs/${job}/explain`)).json.tasks[0].cause).toBe('KeysCooling');
    await world.post('/v1/pools/default/pause', {});
    const { json } = await world.get(`/v1/jobs/${job}/explain`);
    expect(json.tasks[0]).toMatchObject({ cause: 'PoolPaused' });
    expect(json.tasks[0].details[0]).toContain('for every key of pool default; next call 2026-11-22T00:10:00Z');
    expect(json.pool).toMatchObject({ paused: true, keys: [{ fingerprint: 'k1', until: iso(cooling.until!) }] });
  });

  test('of several tasks the open ones come first, and failed ones carry their error', async () => {
    await using world = await apiWorld();
    const job = await world.submit({ tasks: [{}, {}, {}] });
    await world.claim(job, 0);
    await world.finish(job, 0, (state, now) => succeeded(state, now));
    await world.claim(job, 1);
    await world.finish(job, 1, (state, now) => failed(state, 'PromptRefused', now), {
      message: 'No',
      error: { code: 'PromptRefused', message: 'SAFETY', retryable: false, hint: 'Change it' },
    });
    const { json } = await world.get(`/v1/jobs/${job}/explain`);
    expect(json.summary).toBe('1 of 3 tasks is queued. Task 2: No worker serves pool default');
    expect(json.tasks.map(({ task }: { task: number }) => task)).toEqual([2, 1, 0]);
    expect(json.tasks[1]).toMatchObject({ cause: 'Failed', error: { code: 'PromptRefused' }, advice: ['Change it'] });
  });

  test('of an unknown job is 404', async () => {
    await using world = await apiWorld();
    expect((await world.get(`/v1/jobs/${'0'.repeat(26)}/explain`)).json.code).toBe('JobNotFound');
  });
});

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

describe('pause and resume', () => {
  test('a pause says when the first queue timeout would come, and the pool shows it', async () => {
    await using world = await apiWorld();
    await world.submit();
    await world.submit({ policy: { queueTimeout: '1h' } });
    await world.submit({ pool: 'drawings', policy: { queueTimeout: '1m' } });
    const paused = await world.post('/v1/pools/default/pause', { for: '30m' });
    expect(paused.status).toBe(200);
    expect(paused.json).toMatchObject({
      name: 'default',
      paused: true,
      pausedUntil: iso(start + 30 * minute),
      firstQueueTimeoutAt: iso(start + 60 * minute),
    });
    const pools = async () =>
      (await world.get('/v1/pools')).json.items.map(({ paused: is }: { paused: boolean }) => is);
    expect(await pools()).toEqual([true, false]);
    expect((await world.post('/v1/pools/default/resume')).json).toMatchObject({ paused: false, pausedUntil: null });
    expect(await pools()).toEqual([false, false]);
    expect((await world.post('/v1/pools/default/pause')).json).toMatchObject({ paused: true, pausedUntil: null });
  });

  test('an unknown pool is refused with the known ones', async () => {
    await using world = await apiWorld();
    const { status, json } = await world.post('/v1/pools/none/pause', {});
    expect({ status, code: json.code, known: json.known }).toEqual({
      status: 404,
      code: 'PoolNotFound',
      known: ['default', 'drawings'],
    });
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
