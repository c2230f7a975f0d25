// The warnings of POST /v1/jobs: true at the moment of the answer, also for replays and waits, and never for an idle pool.
import { expect, test } from 'vitest';
import { submittedJobSchema } from '../../../src/api/view/schemas.ts';
import { succeeded } from '../../../src/job/transitions.ts';
import type { KeyState } from '../../../src/ports/keyRing.ts';
import { apiWorld, type ApiWorld } from '../../fakes/apiWorld.ts';
import { blockOf } from '../../fakes/blocks.ts';
import { aBeat } from '../../fakes/heartbeats.ts';
import { scriptedKeys, type ScriptedKeys } from '../../fakes/keyRingView.ts';
import { start } from '../../fakes/tasks.ts';
import { until } from '../../support/until.ts';

const minute = 60_000;

const slowKey: KeyState = {
  pool: 'default',
  fingerprint: 'f1',
  state: 'ready',
  until: null,
  cause: null,
  inFlight: 0,
  maxInFlight: 16,
  requestsPerMinute: 1,
  callsLastMinute: 0,
  requestsLeft: 1,
  provider: null,
  message: '',
  models: [],
};

const keysOf = (...keys: KeyState[]): ScriptedKeys => scriptedKeys({ state: async () => keys });

async function withWorker(keys: ScriptedKeys): Promise<ApiWorld> {
  const world = await apiWorld({ keys });
  await beat(world);
  return world;
}

async function beat(world: ApiWorld): Promise<void> {
  world.heartbeats.beat(aBeat({ slots: { total: 4, busy: 0, leaked: 0 } }));
  const now = new Date(world.clock.now()).toISOString();
  const heard = async () => (await world.get('/v1/workers')).json.items[0]?.lastBeat === now;
  await until(heard, { what: 'the heartbeat' });
}

const image = (over: object = {}) => ({ kind: 'image', input: { prompt: 'a yard' }, ...over });
const tenMinutes = { policy: { queueTimeout: '10m' } };

async function warned(world: ApiWorld, over: object = {}, headers = {}, query = '') {
  const { status, json } = await world.post(`/v1/jobs${query}`, image(over), headers);
  expect([200, 202]).toContain(status);
  expect(() => submittedJobSchema.strict().parse(json)).not.toThrow();
  return json.warnings as { code: string; message: string; queued: number; estimate?: { before: number } }[];
}

const codes = (warnings: readonly { code: string }[]): string[] => warnings.map(({ code }) => code);

test('an idle pool, with and without keys, gets none', async () => {
  for (const keys of [keysOf(), keysOf(slowKey)]) {
    await using world = await withWorker(keys);
    expect(await warned(world)).toEqual([]);
    expect(await warned(world, { policy: { queueTimeout: '5s' }, pool: 'drawings' })).toEqual([]);
  }
});

test('the queue counts at the moment of the submit, not as it was observed last', async () => {
  await using world = await withWorker(keysOf(slowKey));
  const before: (number | undefined)[] = [];
  for (let job = 0; job < 14; job += 1) before.push((await warned(world, tenMinutes))[0]?.estimate?.before);
  // One starts at once, ten more within ten minutes.
  expect(before).toEqual([...Array.from({ length: 11 }), 11, 12, 13]);
  const many = await world.post('/v1/jobs', image({ ...tenMinutes, tasks: [{}, {}, {}] }));
  expect(many.json.warnings[0]).toMatchObject({
    code: 'QueueLongerThanTimeout',
    queued: 17,
    until: null,
    failsAt: new Date(start + 10 * minute).toISOString(),
    estimate: { before: 16, waitMs: 16 * minute, timeoutMs: 10 * minute, late: 3, requestsPerMinute: 1, slots: 4 },
  });
  // More urgent tasks overtake: two of them are served for each normal one.
  expect((await warned(world, { ...tenMinutes, priority: 'high' }))[0]).toBeUndefined();
  world.clock.skip(1_000);
  const explained = await world.get(`/v1/jobs/${many.json.id}/explain`);
  expect(explained.json.tasks[2].queue).toMatchObject({ before: 17, startsInMs: 17 * minute });
});

test('how long attempts take is learned from those that ended', async () => {
  await using world = await withWorker(keysOf());
  expect(
    await warned(world, { policy: { queueTimeout: '1m' }, tasks: Array.from({ length: 40 }, () => ({})) }),
  ).toEqual([]);
  const job = await world.submit();
  await world.claim(job);
  world.clock.skip(20_000);
  await world.finish(job, 0, (state, now) => succeeded(state, now));
  await beat(world);
  const [warning] = await warned(world, { policy: { queueTimeout: '1m' } });
  expect(warning).toMatchObject({
    code: 'QueueLongerThanTimeout',
    estimate: { before: 40, waitMs: 200_000, late: 1, requestsPerMinute: null, slots: 4, attemptMs: 20_000 },
  });
});

test('missing workers are named once every worker must have been heard', async () => {
  await using world = await apiWorld();
  expect(await warned(world)).toEqual([]);
  world.clock.skip(3_000);
  expect(await warned(world)).toMatchObject([{ code: 'NoWorkers', queued: 2 }]);
  expect(await warned(world, { pool: 'drawings' })).toMatchObject([{ code: 'NoWorkers', queued: 1 }]);
});

test('a pause and keys without a call are named together', async () => {
  const keys = keysOf({ ...slowKey, state: 'refused', until: start + 10 * minute });
  keys.blocked = blockOf('KeysRefused', { code: 'KeyRefused', until: start + 10 * minute });
  await using world = await withWorker(keys);
  await world.post('/v1/pools/default/pause', { for: '10m' });
  expect(await warned(world)).toMatchObject([
    { code: 'PoolPaused', until: new Date(start + 10 * minute).toISOString() },
    { code: 'KeysExhausted', keys: { total: 1, refused: 1, cooling: 0, withoutQuota: 0, coolingUntil: null } },
  ]);
});

test('a replay and a wait get the warnings of the moment, and a finished job none', async () => {
  const keys = keysOf(slowKey);
  await using world = await withWorker(keys);
  const key = { 'idempotency-key': 'one' };
  expect(await warned(world, {}, key)).toEqual([]);
  keys.blocked = blockOf('ProviderOutage', { code: 'ProviderUnavailable', until: start + minute });
  expect(codes(await warned(world, {}, key))).toEqual(['ProviderOutage']);
  const held = warned(world, {}, { 'idempotency-key': 'two' }, '?wait=1s');
  expect(codes(await held)).toEqual(['ProviderOutage']);
  const { json } = await world.post('/v1/jobs', image(), key);
  await world.claim(json.id);
  expect(await warned(world, {}, key)).toEqual([]);
  await world.finish(json.id, 0, (state, now) => succeeded(state, now));
  expect(await warned(world, {}, key)).toEqual([]);
});

test('the position of a replay is its own, not the end of the queue', async () => {
  await using world = await withWorker(keysOf(slowKey));
  const key = { 'idempotency-key': 'first' };
  await warned(world, tenMinutes, key);
  for (let job = 0; job < 20; job += 1) await warned(world, tenMinutes);
  world.clock.skip(1_000);
  expect(await warned(world, tenMinutes, key)).toEqual([]);
});

test('views that fail or hang do not keep a submit from its answer', async () => {
  const hangs = new Promise<never>(() => undefined);
  for (const state of [() => hangs, () => Promise.reject(new Error('away'))]) {
    await using world = await withWorker(scriptedKeys({ state }));
    expect(await warned(world)).toEqual([]);
  }
});
