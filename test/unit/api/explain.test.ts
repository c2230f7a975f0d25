// Explanations, the list of stuck tasks, failing them, and pauses, over HTTP.

import { describe, expect, test } from 'vitest';
import type { Block } from '../../../src/job/block.ts';
import { failed, succeeded } from '../../../src/job/transitions.ts';
import type { KeyState } from '../../../src/ports/keyRing.ts';
import { apiWorld } from '../../fakes/apiWorld.ts';
import { aBeat } from '../../fakes/heartbeats.ts';
import { scriptedKeys } from '../../fakes/keyRingView.ts';
import { fakePoolRegistry } from '../../fakes/poolRegistry.ts';
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

  test('a pool that its WorkerPool pauses is neither paused nor resumed, and says where to', async () => {
    const pools = fakePoolRegistry();
    const own = { name: 'default', provider: 'gemini', models: { image: ['painter'], text: [] }, policy: {} };
    const declare = (paused: boolean) =>
      pools.declare({ ...own, owner: 'uid-1', resource: { namespace: 'images', paused } });
    await pools.declare(own);
    await using world = await apiWorld({ pools });
    const shown = async () => (await world.get('/v1/pools')).json.items[0];
    expect(await shown()).toMatchObject({ managed: null, pausedBy: null });
    const id = await world.submit({ model: 'painter' });
    await world.post('/v1/pools/default/pause', {});
    await declare(true);
    const managed = { kind: 'WorkerPool', namespace: 'images', name: 'default' };
    expect(await shown()).toMatchObject({ managed, paused: true, pausedBy: 'spec' });
    const patch = `kubectl patch workerpool default -n images --type merge -p '{"spec":{"paused":false}}'`;
    for (const call of ['pause', 'resume']) {
      const { status, json } = await world.post(`/v1/pools/default/${call}`, {});
      expect({ status, code: json.code }).toEqual({ status: 409, code: 'PoolPausedBySpec' });
      expect(json.detail).toContain(patch);
    }
    const [task] = (await world.get(`/v1/jobs/${id}/explain`)).json.tasks;
    expect(task.summary).toContain('is paused by spec.paused of its WorkerPool');
    expect(task.advice[0]).toBe(`Resume it with \`${patch}\`. The queue timeout keeps running during the pause.`);
    await declare(false);
    expect(await shown()).toMatchObject({ managed, paused: true, pausedBy: 'api' });
    expect((await world.post('/v1/pools/default/resume')).json).toMatchObject({ paused: false, pausedBy: null });
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
