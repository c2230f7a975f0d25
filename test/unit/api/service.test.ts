// What surrounds the jobs: tokens, health, workers, pools, the OpenAPI document, CORS, metrics.
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createToken } from '../../../src/api/auth/createToken.ts';
import type { Scope } from '../../../src/api/auth/principal.ts';
import { tokenStore } from '../../../src/api/auth/tokenStore.ts';
import { poolListSchema, workerListSchema } from '../../../src/api/view/poolSchemas.ts';
import { apiWorld } from '../../fakes/apiWorld.ts';
import { aBeat } from '../../fakes/heartbeats.ts';
import { scriptedKeys } from '../../fakes/keyRingView.ts';
import { start } from '../../fakes/tasks.ts';
import { until } from '../../support/until.ts';

const yard = { kind: 'image', input: { prompt: 'a yard' } };
const newToken = (tenant: string, scopes: Scope[], expiresAt?: number) =>
  createToken(
    {
      name: `${tenant}-token`,
      tenant,
      scopes,
      createdAt: start,
      ...(expiresAt === undefined ? {} : { expiresAt }),
    },
    (bytes) => randomBytes(bytes),
  );
const bearing = (token: string) => ({ authorization: `Bearer ${token}` });

describe('tokens', () => {
  test('no token, a wrong one and an expired one are 401; a missing scope is 403', async () => {
    const reader = newToken('acme', ['jobs:read']);
    const brief = newToken('acme', ['admin'], start + 1_000);
    await using world = await apiWorld({ auth: tokenStore([reader.entry, brief.entry]) });
    const none = await world.get('/v1/jobs');
    expect(none).toMatchObject({
      status: 401,
      json: { code: 'Unauthorized' },
      headers: { 'www-authenticate': 'Bearer' },
    });
    expect((await world.get('/v1/jobs', bearing('gw_wrong'))).status).toBe(401);
    expect((await world.get('/v1/jobs', { authorization: `Basic ${reader.token}` })).status).toBe(401);
    expect((await world.get('/v1/jobs', bearing(reader.token))).status).toBe(200);
    expect(await world.post('/v1/jobs', yard, bearing(reader.token))).toMatchObject({
      status: 403,
      json: { code: 'Forbidden', detail: /jobs:write/ },
    });
    expect((await world.post('/v1/jobs', yard, bearing(brief.token))).status).toBe(202);
    world.clock.skip(1_000);
    expect((await world.get('/v1/jobs', bearing(brief.token))).status).toBe(401);
    expect((await world.get('/healthz')).status).toBe(200);
  });

  test('a tenant sees, changes and replays its own jobs alone', async () => {
    const [a, b] = [newToken('a', ['jobs:read', 'jobs:write']), newToken('b', ['jobs:read', 'jobs:write'])];
    await using world = await apiWorld({ auth: tokenStore([a.entry, b.entry]) });
    const key = { 'idempotency-key': 'same' };
    const mine = await world.post('/v1/jobs', yard, { ...bearing(a.token), ...key });
    const theirs = await world.post('/v1/jobs', yard, { ...bearing(b.token), ...key });
    expect([mine.status, theirs.status]).toEqual([202, 202]);
    expect(theirs.json.id).not.toBe(mine.json.id);
    const url = `/v1/jobs/${mine.json.id}`;
    expect((await world.get(url, bearing(b.token))).status).toBe(404);
    expect((await world.get(`${url}/history`, bearing(b.token))).status).toBe(404);
    expect((await world.post(`${url}/cancel`, {}, bearing(b.token))).status).toBe(404);
    expect((await world.get('/v1/jobs', bearing(b.token))).json.items).toMatchObject([{ id: theirs.json.id }]);
    world.heartbeats.beat(aBeat({ tasks: [{ job: mine.json.id, task: 0, claim: 0, progress: 0 }] }));
    const seen = (token: string) => async () => {
      const { items } = (await world.get('/v1/workers', bearing(token))).json;
      return items.length === 1 && items;
    };
    expect(await until(seen(a.token), { what: 'the worker' })).toMatchObject([{ tasks: [{ job: mine.json.id }] }]);
    expect(await until(seen(b.token), { what: 'the worker' })).toMatchObject([{ tasks: [] }]);
  });
});

describe('health', () => {
  test('ready only while the index is current and NATS answers', async () => {
    await using world = await apiWorld();
    expect(await world.get('/readyz')).toMatchObject({ status: 200, json: { status: 'ready' } });
    world.log.away = true;
    expect(await world.get('/readyz')).toMatchObject({ status: 503, json: { code: 'Unavailable' } });
    expect((await world.get('/healthz')).status).toBe(200);
    world.log.away = false;
    world.follower.ready = () => ({ ready: false, reason: 'its index is behind' });
    expect(await world.get('/readyz')).toMatchObject({
      status: 503,
      json: { code: 'NotReady', detail: 'The API is not ready: its index is behind' },
    });
  });
});

describe('workers and pools', () => {
  test('shows workers from their heartbeats, and those that stopped or were lost for a minute', async () => {
    await using world = await apiWorld({ heartbeatTimeoutMs: 1_000 });
    world.heartbeats.beat(aBeat({ worker: 'w-2', tasks: [{ job: 'j', task: 1, claim: 0, progress: 0.5 }] }));
    world.heartbeats.beat(aBeat({ worker: 'w-1' }));
    const states = async (): Promise<Record<string, string>> =>
      Object.fromEntries(
        (await world.get('/v1/workers')).json.items.map((one: Record<string, string>) => [one['name'], one['state']]),
      );
    const live = async () =>
      (await world.get('/v1/pools')).json.items.find(({ name }: { name: string }) => name === 'default').workers;
    await until(async () => (await live()) === 2, { what: 'two workers' });
    const { json } = await world.get('/v1/workers');
    expect(() => workerListSchema.strict().parse(json)).not.toThrow();
    expect(json.items).toMatchObject([
      { name: 'w-1', host: 'node-1', pid: 7 },
      { name: 'w-2', tasks: [{ job: 'j', task: 1, progress: 0.5 }], lastBeat: new Date(start).toISOString() },
    ]);
    world.heartbeats.emit({ event: 'connectionLost', worker: 'w-2', reason: 'Client Closed' });
    await until(async () => (await live()) === 1, { what: 'the lost worker to go' });
    expect(await states()).toEqual({ 'w-1': 'live', 'w-2': 'lost' });
    world.clock.skip(500);
    world.heartbeats.hear('w-1', [], { number: 2, draining: true, stopped: true });
    await until(async () => (await states())['w-1'] === 'stopped', { what: 'the worker to stop' });
    expect(await live()).toBe(0);
    world.clock.skip(60_501);
    expect(await states()).toEqual({ 'w-1': 'stopped' });
    world.clock.skip(600);
    expect(await states()).toEqual({});
    world.heartbeats.beat(aBeat({ worker: 'w-1', draining: true, tasks: [] }));
    world.heartbeats.emit({ event: 'observerDisconnected' });
    world.clock.skip(60_000);
    world.heartbeats.emit({ event: 'observerReconnected' });
    world.heartbeats.beat(aBeat({ worker: 'w-3' }));
    await until(async () => 'w-3' in (await states()), { what: 'the third worker' });
    expect(await states()).toEqual({ 'w-1': 'draining', 'w-3': 'live' });
    world.clock.skip(1_000);
    // Workers of earlier versions do not say that they end.
    expect(await states()).toEqual({ 'w-1': 'stopped', 'w-3': 'lost' });
    expect(await live()).toBe(0);
    world.clock.skip(60_001);
    expect(await states()).toEqual({});
  });

  test('shows pools with queue, states, workers and keys', async () => {
    const key = {
      pool: 'default',
      fingerprint: 'f1',
      state: 'cooling',
      until: start + 1_000,
      cause: 'RateLimited',
      inFlight: 1,
      requestsPerMinute: 10,
      callsLastMinute: 0,
      requestsLeft: 10,
      maxInFlight: 4,
      provider: null,
      message: '',
      models: [],
    } as const;
    await using world = await apiWorld({
      keys: scriptedKeys({ state: async (pool) => (pool === 'default' ? [key] : []) }),
    });
    const id = await world.submit();
    world.clock.skip(5);
    await world.submit();
    await world.claim(id);
    const { json } = await world.get('/v1/pools');
    expect(() => poolListSchema.strict().parse(json)).not.toThrow();
    expect(json.items).toMatchObject([
      {
        name: 'default',
        depth: { again: 0, high: 1, normal: 2, low: 3 },
        unacknowledged: 4,
        queued: 1,
        running: 1,
        oldestQueuedAt: new Date(start + 5).toISOString(),
        keys: [{ fingerprint: 'f1', state: 'cooling', until: new Date(start + 1_000).toISOString() }],
      },
      { name: 'drawings', queued: 0, oldestQueuedAt: null, keys: [] },
    ]);
  });
});

test('/openapi.json is a whole OpenAPI 3.1 document: every route, every reference resolves', async () => {
  await using world = await apiWorld();
  const { json } = await world.get('/openapi.json');
  expect(json.openapi).toBe('3.1.0');
  expect(Object.keys(json.paths).toSorted()).toEqual([
    '/healthz',
    '/readyz',
    '/v1/activity',
    '/v1/artifacts',
    '/v1/doctor',
    '/v1/events',
    '/v1/jobs',
    '/v1/jobs/{id}',
    '/v1/jobs/{id}/cancel',
    '/v1/jobs/{id}/events',
    '/v1/jobs/{id}/explain',
    '/v1/jobs/{id}/history',
    '/v1/jobs/{id}/links',
    '/v1/jobs/{id}/retry',
    '/v1/jobs/{id}/tasks/{task}/artifacts/{name}',
    '/v1/jobs/{id}/tasks/{task}/input',
    '/v1/jobs/{id}/tasks/{task}/references/{n}',
    '/v1/jobs/{id}/tasks/{task}/review',
    '/v1/pools',
    '/v1/pools/{pool}/pause',
    '/v1/pools/{pool}/resume',
    '/v1/settings',
    '/v1/stuck',
    '/v1/stuck/fix',
    '/v1/webhooks/dead',
    '/v1/webhooks/dead/{id}/resend',
    '/v1/workers',
  ]);
  const references = [...JSON.stringify(json).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
    ([, name]) => name,
  );
  expect(references).toContain('Job');
  for (const name of references) expect(json.components.schemas).toHaveProperty([name!]);
  const state = json.paths['/v1/jobs'].get.parameters.find(({ name }: { name: string }) => name === 'state');
  expect(state.schema).toMatchObject({ type: 'array', items: { enum: expect.arrayContaining(['open', 'queued']) } });
  expect(json.paths['/v1/artifacts'].post.requestBody.content).toHaveProperty(['image/png']);
  expect(json.paths['/v1/jobs'].post.responses['422'].content).toHaveProperty(['application/problem+json']);
});

test('CORS: named origins alone, preflights included, without a token', async () => {
  const { entry } = newToken('a', ['admin']);
  await using world = await apiWorld({ corsOrigins: ['https://app.example.com'], auth: tokenStore([entry]) });
  const preflight = (origin: string) =>
    world.api.inject({
      method: 'OPTIONS',
      url: '/v1/jobs',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
    });
  const allowed = await preflight('https://app.example.com');
  expect([allowed.statusCode, allowed.headers['access-control-allow-origin']]).toEqual([
    204,
    'https://app.example.com',
  ]);
  expect((await preflight('https://evil.example.com')).headers['access-control-allow-origin']).toBeUndefined();
  await using closed = await apiWorld();
  const { headers } = await closed.get('/healthz', { origin: 'https://app.example.com' });
  expect(headers['access-control-allow-origin']).toBeUndefined();
});

test('answers are timed by route template, waits left out', async () => {
  await using world = await apiWorld();
  const id = await world.submit();
  await world.get(`/v1/jobs/${id}`);
  await world.get(`/v1/jobs/${id}?wait=10ms`);
  await world.get('/v1/nowhere');
  const { values } = await world.metrics.httpRequestDuration.get();
  const counts = values.filter(({ metricName }) => metricName?.endsWith('_count'));
  expect(counts.map(({ labels, value }) => [labels.method, labels.route, labels.code, value])).toEqual([
    ['POST', '/v1/jobs', '202', 1],
    ['GET', '/v1/jobs/:id', '200', 1],
    ['GET', 'unknown', '404', 1],
  ]);
});
