// GET /v1/doctor: every check reports its result, and on failure what to do.

import { describe, expect, test } from 'vitest';
import type { CheckedKey } from '../../../src/ports/heartbeats.ts';
import { GenwardenError } from '../../../src/job/errors/index.ts';
import type { Outage } from '../../../src/ports/keyRing.ts';
import { apiWorld, type ApiWorld } from '../../fakes/apiWorld.ts';
import { aBeat } from '../../fakes/heartbeats.ts';
import { fakeInstallationProbe } from '../../fakes/installationProbe.ts';
import { scriptedKeys } from '../../fakes/keyRingView.ts';
import { start } from '../../fakes/tasks.ts';
import { until } from '../../support/until.ts';

interface Line {
  seenBy: string;
  name: string;
  ok: boolean;
  says: string;
  advice: string | null;
}

async function lines(world: ApiWorld): Promise<{ ok: boolean; byName: Record<string, Line> }> {
  const { status, json } = await world.get('/v1/doctor');
  expect(status).toBe(200);
  return { ok: json.ok, byName: Object.fromEntries((json.checks as Line[]).map((line) => [line.name, line])) };
}

async function withWorkers(world: ApiWorld): Promise<ApiWorld> {
  world.heartbeats.beat(aBeat());
  world.heartbeats.beat(aBeat({ worker: 'worker-2', pool: 'drawings' }));
  await until(async () => (await world.get('/v1/workers')).json.items.length === 2, { what: 'the heartbeats' });
  return world;
}

test('every check of a sound installation passes', async () => {
  await using world = await apiWorld({ installation: fakeInstallationProbe() });
  const { ok, byName } = await lines(await withWorkers(world));
  expect(ok).toBe(true);
  expect(Object.keys(byName)).toEqual([
    'nats',
    'settings',
    'account',
    'stream',
    'artifacts',
    'storage',
    'clock',
    'index',
    'controller',
    'pool default',
    'pool drawings',
    'tokens',
    'cors',
  ]);
  expect(byName['nats']!.says).toBe('nats://127.0.0.1:4222 (nats-0), version 2.12.0, answers in 0.4 ms');
  expect(byName['nats']!.seenBy).toBe('api');
  expect(byName['settings']!.says).toBe('the stream is configured correctly, 3 copies of each message');
  expect(byName['controller']!.says).toBe('controller-1 leads; no task is overdue');
  expect(byName['pool default']!.says).toBe('1 worker, 4 of 4 slots free');
  expect(Object.values(byName).every(({ advice }) => advice === null)).toBe(true);
});

test('a failed check says what to do', async () => {
  const full = { unsuitable: 'The stream has max_msgs 5', storage: { used: 90, limit: 100 } };
  const refused = {
    pool: 'default',
    fingerprint: 'k1',
    until: null,
    inFlight: 0,
    requestsPerMinute: 1,
    callsLastMinute: 0,
    requestsLeft: 1,
    maxInFlight: 4,
    provider: null,
    message: '',
    models: [],
  };
  const outage: Outage = {
    model: 'painter',
    state: 'open',
    since: start,
    until: start + 60_000,
    provider: { status: 503 },
    message: 'overloaded',
    failures: 9,
  };
  await using world = await apiWorld({
    installation: { ...fakeInstallationProbe(full), leader: async () => undefined },
    keys: scriptedKeys({
      state: async (pool) =>
        pool === 'default'
          ? [{ ...refused, state: 'refused', cause: 'KeyRefused', until: start + 600_000 }]
          : ([] as const),
      outages: (pool) => (pool === 'default' ? [outage] : []),
    }),
  });
  await world.post('/v1/pools/drawings/pause', {});
  world.heartbeats.beat(aBeat({ pool: 'drawings' }));
  await until(async () => (await world.get('/v1/workers')).json.items.length === 1, { what: 'the heartbeat' });
  const { ok, byName } = await lines(world);
  expect(ok).toBe(false);
  const bad = Object.values(byName).filter((line) => !line.ok);
  expect(bad.map(({ name }) => name)).toEqual([
    'settings',
    'account',
    'controller',
    'pool default',
    'keys of default',
    'provider of default',
    'pool drawings',
    'keys of drawings',
  ]);
  expect(bad.every(({ advice }) => advice !== null)).toBe(true);
  expect(byName['account']!.says).toContain('(90 %)');
  expect(byName['pool drawings']!.says).toContain('paused');
  expect(byName['keys of default']!.says).toBe('k1 refused (KeyRefused) until 2026-11-22T00:10:00Z (10 min)');
  expect(byName['provider of default']!.says).toBe(
    'answers 503 for painter since 2026-11-22T00:00:00Z (overloaded); next probe 2026-11-22T00:01:00Z',
  );
});

test('a check that cannot be made fails, and the others still run', async () => {
  const away = async (): Promise<never> => {
    throw new GenwardenError('Unavailable', 'The connection to NATS is lost.');
  };
  await using world = await apiWorld({ installation: { nats: away, leader: away } });
  const { byName } = await lines(await withWorkers(world));
  expect(byName['nats']).toMatchObject({ ok: false, says: 'NATS does not answer' });
  // The cause is named once.
  expect(byName['controller']).toMatchObject({ ok: false, says: 'not checked: NATS does not answer' });
  expect(byName['artifacts']!.ok).toBe(true);
});

test('while NATS is away, its addresses are named, and the server of the last connection', async () => {
  const where = () => ({ addresses: ['nats://a:4222', 'nats://b:4222'], server: 'nats://c:4222 (nats-3)' });
  const away = Object.assign(fakeInstallationProbe(), { away: true, where });
  await using world = await apiWorld({ installation: away });
  const { byName } = await lines(world);
  expect(byName['nats']!.says).toBe(
    'NATS does not answer at nats://a:4222, nats://b:4222; last connected to nats://c:4222 (nats-3)',
  );
});

test('storage that is nearly full, and a stream that keeps more than the retention needs, are noted without failing', async () => {
  const week = 7 * 86_400_000;
  const status = { storage: { used: 75, limit: 100 }, artifacts: { used: 10, limit: 100 }, maxAgeMs: 2 * week };
  await using world = await apiWorld({ installation: fakeInstallationProbe(status) });
  const { ok, byName } = await lines(await withWorkers(world));
  expect(ok).toBe(true);
  expect(byName['account']!.says).toContain('(75 %): it is nearly full');
  expect(byName['account']!.advice).toContain(
    'A lower GENWARDEN_RETENTION holds for jobs that are submitted from then on',
  );
  expect(byName['settings']!.says).toContain('it keeps messages for 14 days, but GENWARDEN_RETENTION is 7 days');
  expect(byName['settings']!.advice).toContain('lowers the max_age of the stream when');
  expect(byName['bucket']).toMatchObject({ ok: true, advice: null });
});

test('keys that cool down are noted with their time and cause', async () => {
  const key = {
    pool: 'default',
    fingerprint: 'k1',
    inFlight: 0,
    requestsPerMinute: 1,
    callsLastMinute: 0,
    requestsLeft: 1,
  };
  const usual = { ...key, maxInFlight: 4, provider: null, message: '', models: [] };
  const painter = { model: 'painter', state: 'exhausted', until: start + 3_600_000, cause: 'QuotaExhausted' } as const;
  const cooling = { ...usual, state: 'cooling', cause: 'RateLimited', until: start + 42_000 } as const;
  const ready = { ...usual, fingerprint: 'k2', state: 'ready', cause: null, until: null, models: [painter] } as const;
  const keys = scriptedKeys({ state: async (pool) => (pool === 'default' ? [cooling, ready] : []) });
  await using world = await apiWorld({ installation: fakeInstallationProbe(), keys });
  const { byName } = await lines(await withWorkers(world));
  expect(byName['keys of default']).toMatchObject({
    ok: true,
    says: 'k1 cooling (RateLimited) until 2026-11-22T00:00:42Z (42 s), k2 ready; exhausted for painter until 2026-11-22T01:00:00Z (1 h)',
    advice: expect.stringContaining('No action needed'),
  });
});

describe('calls to the providers', () => {
  const accepted = { fingerprint: 'k1', outcome: 'accepted', ms: 120, says: '' } as const;
  const refused = {
    fingerprint: 'k2',
    outcome: 'refused',
    ms: 90,
    says: 'Gemini answered 400: API key not valid',
  } as const;
  const unasked = { address: 'https://provider', enabled: true, at: null, keys: [] };

  test('are made by the workers, and each result says by whom', async () => {
    await using world = await apiWorld({ installation: fakeInstallationProbe() });
    const { heartbeats } = world;
    const report = (worker: string, keys: CheckedKey[]): void =>
      heartbeats.beat(aBeat({ worker, number: 2, provider: { ...unasked, at: start, keys } }));
    heartbeats.requestProviderChecks = () => {
      report('worker-1', [accepted, refused]);
      report('worker-2', [{ ...accepted, ms: 140 }]);
      return true;
    };
    heartbeats.beat(aBeat({ provider: unasked }));
    heartbeats.beat(aBeat({ worker: 'worker-2', provider: unasked }));
    heartbeats.beat(aBeat({ worker: 'worker-3', provider: { ...unasked, enabled: false } }));
    await until(async () => (await world.get('/v1/workers')).json.items.length === 3, { what: 'the heartbeats' });
    const checks = (await world.get('/v1/doctor')).json.checks as Line[];
    const made = checks.filter(({ name }) => name === 'check of default');
    expect(made.map(({ ok, seenBy, says }) => [ok, seenBy, says])).toEqual([
      [true, 'worker-1, worker-2', 'https://provider accepts 1 key, answers in 120 to 140 ms'],
      [false, 'worker-1', 'https://provider refuses key k2: Gemini answered 400: API key not valid'],
      [true, 'worker-3', 'not called: GENWARDEN_PROVIDER_CHECK is off'],
    ]);
  });

  test('are not made with provider=false, nor awaited from older workers', async () => {
    await using world = await apiWorld({ installation: fakeInstallationProbe() });
    let asked = 0;
    world.heartbeats.requestProviderChecks = () => (asked += 1) > 0;
    await withWorkers(world);
    expect((await lines(world)).byName['provider']).toBeUndefined();
    world.heartbeats.beat(aBeat({ number: 2, provider: unasked }));
    const { json } = await world.get('/v1/doctor?provider=false');
    expect(json.checks).toContainEqual(expect.objectContaining({ name: 'provider', says: 'not called, as requested' }));
    expect(asked).toBe(0);
    expect((await world.get('/v1/doctor?provider=no')).status).toBe(422);
  });
});

test('origins that were refused lately are named with the setting that allows them', async () => {
  const corsOrigins = ['https://app.example'];
  await using world = await apiWorld({ installation: fakeInstallationProbe(), corsOrigins });
  const from = (origin: string) => world.get('/v1/jobs', { origin, host: 'localhost' });
  await from('https://app.example');
  await from('http://localhost');
  await from('https://new.example');
  await from('https://new.example');
  await from('javascript:alert(1)//');
  const cors = (await lines(world)).byName['cors']!;
  expect(cors).toMatchObject({
    ok: true,
    says: 'browsers may call from https://app.example; refused in the last hour: https://new.example (2 requests, last 2026-11-22T00:00:00Z)',
    advice:
      'If your pages run there, set GENWARDEN_CORS_ORIGINS=https://app.example,https://new.example and restart the API.',
  });
  world.clock.skip(3_600_001);
  expect((await lines(world)).byName['cors']!.advice).toBeNull();
});

test('overdue tasks fail the controller check; a failing artifact store says why', async () => {
  const broken = { ...(await apiWorld()).artifacts, put: async () => Promise.reject(new Error('no space left')) };
  await using world = await apiWorld({ installation: fakeInstallationProbe(), artifacts: broken });
  await world.submit({ policy: { queueTimeout: '1m' } });
  world.clock.skip(80_000);
  const { byName } = await lines(world);
  expect(byName['controller']).toMatchObject({ ok: false });
  expect(byName['controller']!.says).toContain('1 overdue task not moved');
  expect(byName['artifacts']).toMatchObject({ ok: false, says: 'no space left' });
});

test('a lost connection for artifacts is named, while all other checks pass', async () => {
  const lost = new GenwardenError('Unavailable', 'The connection for artifacts to NATS is lost.');
  const store = { ...(await apiWorld()).artifacts, put: async () => Promise.reject(lost) };
  await using world = await apiWorld({ installation: fakeInstallationProbe(), artifacts: store });
  const { byName } = await lines(await withWorkers(world));
  expect(byName['artifacts']).toMatchObject({ ok: false, says: lost.message });
  expect(byName['artifacts']!.advice).toContain('reconnects automatically');
  expect(byName['nats']!.ok).toBe(true);
});

test('full storage, which a worker reports, is named by the doctor, the job, its explanation and the list of stuck tasks', async () => {
  const installation = { ...fakeInstallationProbe(), leader: async () => undefined };
  await using world = await apiWorld({ installation });
  const { json: job } = await world.post('/v1/jobs', { kind: 'image', input: { prompt: 'a yard' } });
  const storage = { place: 'disk', refuses: 'statuses', since: start, words: 'no space left on device' } as const;
  world.heartbeats.beat(aBeat({ storage }));
  await until(async () => (await world.get('/v1/workers')).json.items.length === 1, { what: 'the heartbeat' });
  const { byName } = await lines(world);
  expect(byName['storage']).toMatchObject({
    ok: false,
    says: 'full since 2026-11-22T00:00:00Z: The disk of the NATS server is full (no space left on device); nothing can be stored: workers keep their results, and every status is written as soon as there is room',
    advice: expect.stringContaining('Free space on that disk'),
  });
  expect(byName['controller']).toMatchObject({
    says: 'no controller can lead or move tasks while the storage is full; 0 overdue tasks',
    advice: 'See the check `storage`. The controller continues as soon as there is room.',
  });
  const first = /^The storage of NATS is full since 2026-11-22T00:00:00Z: The disk of the NATS server is full/;
  const { json: found } = await world.get(`/v1/jobs/${job.id}`);
  expect(found.waitingFor).toMatchObject({ reason: 'StorageFull', until: null, detail: expect.stringMatching(first) });
  const { json: explained } = await world.get(`/v1/jobs/${job.id}/explain`);
  expect(explained.summary).toMatch(first);
  const { json: stuck } = await world.get('/v1/stuck?olderThan=0s');
  expect(stuck.items[0]).toMatchObject({ cause: 'StorageFull', summary: expect.stringMatching(first) });
});
