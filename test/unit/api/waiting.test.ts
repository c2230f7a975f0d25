// What open tasks wait for, wherever the API shows a job; and pools with their outages, keys and spending.
import { describe, expect, onTestFinished, test } from 'vitest';
import { poolListSchema } from '../../../src/api/view/poolSchemas.ts';
import type { Block } from '../../../src/job/block.ts';
import { fellBack, succeeded, waiting } from '../../../src/job/transitions.ts';
import type { KeyRingView } from '../../../src/jobs/context.ts';
import type { KeyState, Outage, Spending } from '../../../src/ports/keyRing.ts';
import { apiWorld, type ApiWorld } from '../../fakes/apiWorld.ts';
import { aBeat } from '../../fakes/heartbeats.ts';
import { scriptedKeys, type ScriptedKeys } from '../../fakes/keyRingView.ts';
import { start } from '../../fakes/tasks.ts';
import { EventStreamReader } from '../../support/eventStreamReader.ts';
import { until } from '../../support/until.ts';

const iso = (at: number): string => new Date(at).toISOString();

const outage: Block = {
  reason: 'ProviderOutage',
  code: 'ProviderUnavailable',
  until: start + 70_000,
  since: start,
  provider: { status: 503 },
  message: '',
  permanent: false,
  confirmed: true,
};
const detail =
  'Gemini answers 503 for gemini-3.1-flash-image since 2026-11-22T00:00:00Z; next probe 2026-11-22T00:01:10Z';
const shown = { reason: 'ProviderOutage', until: iso(start + 70_000), detail };

const outKeys = (over: Partial<KeyRingView> = {}): ScriptedKeys =>
  Object.assign(scriptedKeys(over), { blocked: outage });

async function withWorker(over: Parameters<typeof apiWorld>[0] = {}): Promise<ApiWorld> {
  const world = await apiWorld(over);
  world.heartbeats.beat(aBeat({ slots: { total: 4, busy: 0, leaked: 0 } }));
  await until(async () => (await world.get('/v1/workers')).json.items.length === 1, { what: 'the heartbeat' });
  return world;
}

describe('waitingFor', () => {
  test('is in a job, its tasks and the list, until its first task runs', async () => {
    const keys = outKeys();
    await using world = await withWorker({ keys });
    const submitted = await world.post('/v1/jobs', { kind: 'image', input: { prompt: 'a' }, tasks: [{}, {}] });
    expect(submitted.json).toMatchObject({ waitingFor: shown, tasks: [{ waitingFor: shown }, { waitingFor: shown }] });
    expect(submitted.json.warnings).toMatchObject([{ code: 'ProviderOutage', until: shown.until }]);
    const job = submitted.json.id as string;
    expect((await world.get(`/v1/jobs/${job}`)).json).toMatchObject({ waitingFor: shown });
    expect((await world.get('/v1/jobs')).json.items).toMatchObject([{ id: job, waitingFor: shown }]);
    await world.claim(job, 0);
    expect((await world.get(`/v1/jobs/${job}`)).json).toMatchObject({
      waitingFor: null,
      tasks: [{ waitingFor: null }, { waitingFor: shown }],
    });
    keys.blocked = undefined;
    expect((await world.get(`/v1/jobs/${job}`)).json.tasks[1].waitingFor).toBeNull();
  });

  test('is asked of the pool and model that the task uses now', async () => {
    const asked: string[] = [];
    const keys = scriptedKeys({ block: (pool, model, tenant) => void asked.push(`${pool} ${model} ${tenant}`) });
    await using world = await apiWorld({ keys });
    await world.submit({ pool: 'drawings' });
    expect(asked).toContain('drawings gpt-image-1 default');
  });

  test('is asked of the fallback that a task has moved to, which it names as its target', async () => {
    const asked: string[] = [];
    const keys = outKeys({ block: (pool, model) => void asked.push(`${pool} ${model}`) });
    await using world = await apiWorld({ keys });
    const job = await world.submit({ policy: { fallback: [{ pool: 'drawings' }] } });
    const { state } = await world.claim(job);
    await world.finish(job, 0, (_, now) => fellBack(state, 1, now));
    asked.length = 0;
    const { json } = await world.get(`/v1/jobs/${job}`);
    expect(asked).toContain('drawings gpt-image-1');
    expect(json.tasks[0]).toMatchObject({
      target: { pool: 'drawings', model: 'gpt-image-1' },
      waitingFor: { reason: 'NoWorkers', detail: 'No worker serves pool drawings' },
    });
    expect((await world.get(`/v1/jobs/${job}/explain`)).json.tasks[0]).toMatchObject({ pool: 'drawings' });
    world.clock.skip(600_000);
    expect((await world.get('/v1/stuck?pool=drawings')).json.items).toHaveLength(1);
    expect((await world.get('/v1/pools')).json.items).toMatchObject([{ queued: 0 }, { queued: 1 }]);
  });

  test('names missing workers, a pause and a backoff, with a time only if one is known', async () => {
    await using world = await apiWorld();
    const job = await world.submit();
    const waitingFor = async () => (await world.get(`/v1/jobs/${job}`)).json.waitingFor as unknown;
    expect(await waitingFor()).toEqual({ reason: 'NoWorkers', until: null, detail: 'No worker serves pool default' });
    await world.post('/v1/pools/default/pause', { for: '10m' });
    world.clock.skip(1_000);
    expect(await waitingFor()).toMatchObject({ reason: 'PoolPaused', until: iso(start + 600_000) });
    await world.claim(job);
    await world.finish(job, 0, (state, now) => waiting(state, 'ProviderUnavailable', now + 10_000, now));
    expect(await waitingFor()).toMatchObject({ reason: 'Backoff', until: iso(start + 11_000) });
    await world.post(`/v1/jobs/${job}/cancel`, {});
    expect(await waitingFor()).toBeNull();
  });

  test('a list is answered from memory while NATS does not answer', async () => {
    const hangs = new Promise<never>(() => undefined);
    await using world = await apiWorld({
      keys: outKeys({ state: () => hangs }),
      queue: {
        paused: () => Promise.reject(new Error('NATS is away')),
        depth: () => hangs,
        pause: () => hangs,
        resume: () => hangs,
      },
    });
    await world.submit();
    const { status, json } = await world.get('/v1/jobs');
    expect(status).toBe(200);
    expect(json.items).toMatchObject([{ waitingFor: { reason: 'NoWorkers' } }]);
  });

  test('pools are observed once for a whole list, and again after a second', async () => {
    let asked = 0;
    const blocks: string[] = [];
    const keys = scriptedKeys({
      state: async () => ((asked += 1), []),
      block: (...call) => void blocks.push(call.join(' ').trim()),
    });
    await using world = await apiWorld({ keys });
    for (let count = 0; count < 20; count += 1) await world.submit();
    blocks.length = 0;
    expect((await world.get('/v1/jobs')).json.items).toHaveLength(20);
    expect(blocks).toEqual(['default gemini-3.1-flash-image default']);
    expect(asked).toBe(1);
    world.clock.skip(1_000);
    await world.get('/v1/jobs');
    expect(asked).toBe(2);
  });
});

describe('the events of a job', () => {
  test('tell what its tasks wait for when that changes without a message, and only then', async () => {
    const keys = outKeys();
    const world = await withWorker({ keys, events: { keepAliveMs: 20 } });
    const url = await world.api.listen({ host: '127.0.0.1', port: 0 });
    onTestFinished(() => world[Symbol.asyncDispose]());
    const job = await world.submit();
    const listener = await EventStreamReader.open(`${url}/v1/jobs/${job}/events`);
    await listener.until((all) => all.length === 1, 'the snapshot');
    expect(listener.received[0]!.data).toMatchObject({ waitingFor: shown, tasks: [{ waitingFor: shown }] });
    const notify = (): void => keys.notify('default');
    notify();
    const { comments } = listener;
    // A comment follows a round of the feed without an event.
    await until(() => listener.comments > comments + 1, { what: 'a silent round' });
    expect(listener.of('waiting')).toEqual([]);
    keys.blocked = undefined;
    notify();
    await listener.until((all) => all.some(({ event }) => event === 'waiting'), 'the end of the outage');
    keys.blocked = outage;
    notify();
    await listener.until((all) => all.filter(({ event }) => event === 'waiting').length === 2, 'the next outage');
    expect(listener.of('waiting')).toMatchObject([
      { id: undefined, data: { job, task: 0, waitingFor: null } },
      { id: undefined, data: { job, task: 0, waitingFor: shown } },
    ]);
    await world.claim(job);
    await listener.until((all) => all.at(-1)!.event === 'job', 'the claim');
    expect(listener.of('task').at(-1)!.data).toMatchObject({ state: 'running', waitingFor: null });
    expect(listener.of('job').at(-1)!.data).toMatchObject({ waitingFor: null });
  });
});

describe('GET /v1/stuck', () => {
  const stuck = async (world: ApiWorld) => (await world.get('/v1/stuck')).json.items as unknown[];

  test('leaves out what waits for the end of an outage or for the next budget, unless it is overdue', async () => {
    const keys = outKeys();
    await using world = await apiWorld({ keys });
    await world.submit({ policy: { queueTimeout: '1h' } });
    world.clock.skip(30 * 60_000);
    expect(await stuck(world)).toEqual([]);
    keys.blocked = { ...outage, reason: 'BudgetExhausted' };
    expect(await stuck(world)).toEqual([]);
    keys.blocked = { ...outage, reason: 'KeysRefused' };
    expect(await stuck(world)).toHaveLength(1);
    keys.blocked = outage;
    world.clock.skip(40 * 60_000);
    expect(await stuck(world)).toMatchObject([{ overdue: true }]);
  });
});

describe('GET /v1/pools', () => {
  const key: KeyState = {
    pool: 'default',
    fingerprint: 'f1',
    state: 'ready',
    until: null,
    cause: null,
    inFlight: 0,
    requestsPerMinute: 10,
    callsLastMinute: 0,
    requestsLeft: 10,
    maxInFlight: 4,
    provider: null,
    message: '',
    models: [{ model: 'gemini-3-pro-image', state: 'exhausted', until: start + 3_600_000, cause: 'QuotaExhausted' }],
  };
  const out: Outage = {
    model: 'gemini-3.1-flash-image',
    state: 'open',
    since: start,
    until: start + 70_000,
    provider: { status: 503 },
    message: 'The model is overloaded.',
    failures: 12,
  };
  const spent = (tenant: string | null): Spending => {
    const ends = { dayEndsAt: start + 86_400_000, monthEndsAt: start + 9 * 86_400_000 };
    return { tenant, day: 3.2, month: 40, limits: { day: 20 }, ...ends };
  };

  test('shows outages, the models that a key cannot serve, and what was spent of the budgets', async () => {
    const keys = scriptedKeys({
      state: async (pool) => (pool === 'default' ? [key] : []),
      outages: (pool) => (pool === 'default' ? [out] : []),
      spending: (pool) => (pool === 'default' ? [spent(null), spent('default'), spent('press')] : []),
    });
    await using world = await apiWorld({ keys });
    const { json } = await world.get('/v1/pools', { 'genwarden-namespace': 'default' });
    expect(() => poolListSchema.strict().parse(json)).not.toThrow();
    expect(json.items[0]).toMatchObject({
      keys: [{ fingerprint: 'f1', models: [{ model: 'gemini-3-pro-image', until: iso(start + 3_600_000) }] }],
      outages: [{ model: 'gemini-3.1-flash-image', status: 503, until: iso(start + 70_000), failures: 12 }],
      spending: [{ tenant: null, day: 3.2, limits: { day: 20 } }, { tenant: 'default' }],
    });
    expect(json.items[1]).toMatchObject({ outages: [], spending: [] });
  });

  test('answers odd times, like explain and stuck', async () => {
    for (const odd of [Infinity, Number.NaN, 9e18, -1]) {
      const keys = scriptedKeys({
        state: async () => [{ ...key, state: 'cooling', until: odd, models: [{ ...key.models[0]!, until: odd }] }],
        outages: () => [{ ...out, since: odd, until: odd }],
        block: () => ({ ...outage, since: odd, until: odd, reason: 'KeysCooling' }),
      });
      await using world = await withWorker({ keys });
      const job = await world.submit();
      world.clock.skip(4_000);
      for (const url of ['/v1/pools', `/v1/jobs/${job}/explain`, '/v1/stuck?olderThan=0s', '/v1/jobs', '/v1/doctor'])
        expect([url, (await world.get(url)).status]).toEqual([url, 200]);
    }
  });
});

test('usage counts every paid call, also of a failed task, and sums up to the job', async () => {
  await using world = await apiWorld();
  const job = await world.submit({ tasks: [{}, {}, {}] });
  const used = { pool: 'spare', provider: 'gemini', model: 'gemini-3-pro-image' };
  const spent = { calls: 2, inputTokens: 24, outputTokens: 2_580, cost: 0.1 };
  for (const task of [0, 1]) {
    await world.claim(job, task);
    const usage = { inputTokens: 12, outputTokens: 1_290, durationMs: 7_800 };
    await world.finish(
      job,
      task,
      (state, now) => ({ ...succeeded(state, now), spent: { ...spent, cost: 0.1 + task / 10 } }),
      {
        used,
        ...(task === 0 ? { usage } : {}),
      },
    );
  }
  const { json } = await world.get(`/v1/jobs/${job}`);
  const tokens = { inputTokens: 24, outputTokens: 2_580 };
  expect(json.tasks).toMatchObject([
    { usage: { ...tokens, cost: 0.1, paidCalls: 2, durationMs: 7_800 }, used, target: null },
    { usage: { ...tokens, cost: 0.2, paidCalls: 2, durationMs: null } },
    { usage: null, used: null, target: { pool: 'default', model: 'gemini-3.1-flash-image' } },
  ]);
  const total = { inputTokens: 48, outputTokens: 5_160, cost: 0.3, paidCalls: 4 };
  expect(json.usage).toEqual(total);
  expect((await world.get('/v1/jobs')).json.items[0].usage).toEqual(total);
});
