// GET /v1/activity and GET /v1/settings: shapes, tenants, an API that is cut off, overdue tasks, masked secrets.

import { expect, test } from 'vitest';
import { activitySchema } from '../../../src/api/view/activitySchemas.ts';
import { settingListSchema } from '../../../src/api/view/settingSchemas.ts';
import { describeSettings } from '../../../src/config/describe.ts';
import type { ResolvedSetting } from '../../../src/config/setting.ts';
import { settingDefinitions } from '../../../src/config/settings.ts';
import { failed, succeeded } from '../../../src/job/transitions.ts';
import { apiWorld } from '../../fakes/apiWorld.ts';
import { start } from '../../fakes/tasks.ts';
import { until } from '../../support/until.ts';

const minute = 60_000;

test('the last hour of a tenant by minute, and its tasks now', async () => {
  await using world = await apiWorld();
  const job = await world.submit({ tasks: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] });
  await world.claim(job, 0);
  world.clock.skip(9_000);
  await world.finish(job, 0, (running, now) => succeeded(running, now));
  world.clock.skip(minute);
  await world.claim(job, 1);
  await world.finish(job, 1, (running, now) => failed(running, 'PromptRefused', now));
  const { status, json, headers } = await world.get('/v1/activity');
  expect(status).toBe(200);
  expect(headers['cache-control']).toBe('no-store');
  expect(() => activitySchema.strict().parse(json)).not.toThrow();
  expect(json).toMatchObject({
    at: new Date(start + minute + 9_000).toISOString(),
    since: new Date(start - 58 * minute).toISOString(),
    behindMs: 0,
    overdue: 0,
    now: { queued: 1, running: 0, waiting: 0, needs_review: 0 },
    hour: { succeeded: 1, failed: 1, cancelled: 0, successRate: 0.5 },
  });
  expect(json.minutes).toHaveLength(60);
  expect(json.minutes.slice(-2)).toMatchObject([
    { at: new Date(start).toISOString(), succeeded: 1, failed: 0, p50Ms: 9_000, p95Ms: 9_000, queued: 2, running: 0 },
    { at: new Date(start + minute).toISOString(), succeeded: 0, failed: 1, queued: 1, running: 0, waiting: 0 },
  ]);
  expect(json.minutes[0]).toMatchObject({ succeeded: 0, p50Ms: null, p95Ms: null, queued: 0 });
});

test('nothing has ended: no rate and no latency', async () => {
  await using world = await apiWorld();
  const job = await world.submit();
  await world.post(`/v1/jobs/${job}/cancel`, {});
  const { json } = await world.get('/v1/activity');
  expect(json.hour).toEqual({
    succeeded: 0,
    failed: 0,
    cancelled: 1,
    successRate: null,
    p50Ms: null,
    p95Ms: null,
  });
});

test("an administrator reads another tenant's figures, or all", async () => {
  await using world = await apiWorld();
  await world.submit();
  await world.post('/v1/jobs', { kind: 'image', input: { prompt: 'a yard' } }, { 'genwarden-namespace': 'other' });
  const queued = async (namespace?: string): Promise<number> => {
    const headers = namespace === undefined ? {} : { 'genwarden-namespace': namespace };
    const { json } = await world.get('/v1/activity', headers);
    expect(json.minutes.at(-1).queued).toBe(json.now.queued);
    return json.now.queued as number;
  };
  expect([await queued(), await queued('other'), await queued('*'), await queued('nobody')]).toEqual([1, 1, 2, 0]);
});

test('overdue tasks are counted for their tenant', async () => {
  await using world = await apiWorld();
  await world.submit({ policy: { queueTimeout: '1m' } });
  await world.get('/v1/activity');
  world.clock.skip(minute + 15_001);
  expect((await world.get('/v1/activity')).json.overdue).toBe(1);
  expect((await world.get('/v1/activity', { 'genwarden-namespace': 'other' })).json.overdue).toBe(0);
  expect((await world.get('/v1/activity', { 'genwarden-namespace': '*' })).json.overdue).toBe(1);
});

test('an API that is cut off from NATS answers what it knew, and says how old that is', async () => {
  await using world = await apiWorld();
  await world.submit();
  world.log.announce({ event: 'lagging', reason: 'NATS is away' });
  await until(() => !world.follower.ready().ready, { what: 'the follower to lag' });
  world.clock.skip(90_000);
  const { status, json } = await world.get('/v1/activity');
  expect(status).toBe(200);
  expect(json).toMatchObject({ behindMs: 90_000, now: { queued: 1 } });
});

test('settings show their sources, and never a secret', async () => {
  const resolved = settingDefinitions.map((definition): ResolvedSetting => {
    const source = { kind: 'variable', name: definition.variable } as const;
    if (definition.name === 'NATS_URL') return { definition, text: 'nats://ann:hunter2@nats.example:4222', source };
    if (definition.secret === true) return { definition, text: 'hunter2-hunter2', source };
    return { definition, text: '9999', source };
  });
  await using world = await apiWorld({ settings: describeSettings(resolved, 'api') });
  const { status, json } = await world.get('/v1/settings');
  expect(status).toBe(200);
  expect(() => settingListSchema.strict().parse(json)).not.toThrow();
  expect(JSON.stringify(json)).not.toContain('hunter2');
  expect(json.items).toContainEqual({
    name: 'GENWARDEN_HTTP_PORT',
    value: '9999',
    source: 'env GENWARDEN_HTTP_PORT',
    description: expect.any(String) as string,
  });
  expect(json.items).toContainEqual(
    expect.objectContaining({
      name: 'GENWARDEN_NATS_PASSWORD',
      value: '(set, 15 characters)',
    }),
  );
  // A worker's setting.
  expect(JSON.stringify(json)).not.toContain('GENWARDEN_CONCURRENCY');
});
