// Kubernetes tokens: who their users are, what they may do, and whose jobs they see.

import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createToken } from '../../../../src/api/auth/createToken.ts';
import { tokenStore } from '../../../../src/api/auth/tokenStore.ts';
import { aBeat } from '../../../fakes/heartbeats.ts';
import { start } from '../../../fakes/tasks.ts';
import { until } from '../../../support/until.ts';
import { as, cluster, code, edits, yard } from './stage.ts';

describe('authentication', () => {
  test('an unknown token is a 401, a missing right a 403 that names the right', async () => {
    await using at = await cluster();
    expect(code(await at.world.get('/v1/jobs', as('nobody', 'team-a')))).toBe('401 Unauthorized');
    at.server.users.set('anonymous', { username: 'system:anonymous', rules: [edits()] });
    expect(code(await at.world.get('/v1/jobs', as('anonymous', 'team-a')))).toBe('401 Unauthorized');
    const refused = await at.world.get('/v1/jobs', as('ann-token', 'team-b'));
    expect(refused).toMatchObject({ status: 403, json: { code: 'Forbidden' } });
    expect(refused.json.detail).toBe('ann may not list generationjobs.genwarden.dev in namespace team-b');
    expect((await at.world.get('/v1/jobs', as('eve-token', 'team-a'))).status).toBe(200);
    expect((await at.world.post('/v1/jobs', yard, as('eve-token', 'team-a'))).json.detail).toMatch(/may not create/);
  });

  test('without a header, a service account uses its own namespace and other users use default', async () => {
    await using at = await cluster();
    expect((await at.world.post('/v1/jobs', yard, as('bot-token'))).json.tenant).toBe('team-a');
    expect((await at.world.get('/v1/jobs', as('ann-token'))).json.detail).toMatch(/in namespace default$/);
    expect((await at.world.get('/v1/jobs', as('boss-token'))).status).toBe(200);
  });

  test('an invalid namespace is refused', async () => {
    await using at = await cluster();
    for (const wrong of ['Team-A', 'team_a', 'a, b', '', '-a', 'x'.repeat(64)]) {
      const headers = { ...as('boss-token'), 'genwarden-namespace': wrong };
      expect([wrong, code(await at.world.get('/v1/jobs', headers))]).toEqual([wrong, '422 InvalidRequest']);
    }
  });

  test('tokens of the file still work, and an unknown gw_ token is not sent to the API server', async () => {
    const own = createToken(
      { name: 'ci', tenant: 'acme', scopes: ['jobs:write', 'jobs:read'], createdAt: start },
      (n) => randomBytes(n),
    );
    await using at = await cluster({ auth: tokenStore([own.entry]) });
    expect((await at.world.post('/v1/jobs', yard, as(own.token))).json.tenant).toBe('acme');
    expect(code(await at.world.get('/v1/jobs', as('gw_unknown')))).toBe('401 Unauthorized');
    expect(at.server.asked).toEqual([]);
    expect((await at.world.get('/v1/jobs', as('ann-token', 'team-a'))).json.items).toEqual([]);
  });

  test("a token of the file names its own tenant; an administrator's may name another, or all", async () => {
    const make = (scopes: ('jobs:read' | 'admin')[]) =>
      createToken({ name: scopes[0]!, tenant: 'acme', scopes, createdAt: start }, (n) => randomBytes(n));
    const [reader, admin] = [make(['jobs:read']), make(['admin'])];
    await using at = await cluster({ auth: tokenStore([reader.entry, admin.entry]) });
    expect((await at.world.get('/v1/jobs', as(reader.token, 'acme'))).status).toBe(200);
    expect(code(await at.world.get('/v1/jobs', as(reader.token, 'other')))).toBe('403 Forbidden');
    expect(code(await at.world.get('/v1/jobs', as(reader.token, '*')))).toBe('403 Forbidden');
    const { json } = await at.world.post('/v1/jobs', yard, as(admin.token, 'other'));
    expect(json.tenant).toBe('other');
    expect((await at.world.get('/v1/jobs', as(admin.token))).json.items).toEqual([]);
    expect((await at.world.get('/v1/jobs', as(admin.token, '*'))).json.items).toMatchObject([{ id: json.id }]);
    at.world.clock.skip(600_000);
    const stuck = async (namespace?: string) =>
      (await at.world.get('/v1/stuck', as(admin.token, namespace))).json.items;
    expect([await stuck(), await stuck('other'), await stuck('acme')]).toMatchObject([[{}], [{}], []]);
  });
});

describe('authorization', () => {
  test('each route requires its own right', async () => {
    await using at = await cluster();
    const { json } = await at.world.post('/v1/jobs', yard, as('ann-token', 'team-a'));
    const job = `/v1/jobs/${json.id}`;
    const ask = (method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object) =>
      at.world.api.inject({
        method,
        url,
        headers: as('probe', 'team-a'),
        ...(payload === undefined ? {} : { payload }),
      });
    const needs: ['GET' | 'POST' | 'DELETE', string, string, object?][] = [
      ['GET', '/v1/jobs', 'list generationjobs'],
      ['GET', job, 'list generationjobs'],
      ['GET', `${job}/history`, 'list generationjobs'],
      ['GET', `${job}/explain`, 'list generationjobs'],
      ['GET', `${job}/events`, 'list generationjobs'],
      ['GET', `${job}/tasks/0/artifacts/image`, 'list generationjobs'],
      ['GET', `${job}/tasks/0/input`, 'list generationjobs'],
      ['GET', `${job}/tasks/0/references/0`, 'list generationjobs'],
      ['POST', `${job}/links`, 'list generationjobs', {}],
      ['GET', '/v1/events', 'list generationjobs'],
      ['GET', '/v1/stuck', 'list generationjobs'],
      ['GET', '/v1/activity', 'list generationjobs'],
      ['POST', '/v1/jobs', 'create generationjobs', yard],
      ['POST', '/v1/artifacts', 'create generationjobs'],
      ['POST', `${job}/cancel`, 'update generationjobs', {}],
      ['POST', `${job}/retry`, 'update generationjobs', {}],
      ['POST', `${job}/tasks/0/review`, 'update generationjobs', { run: 1, decision: 'approve' }],
      ['POST', '/v1/stuck/fix', 'update generationjobs', { tasks: [{ job: json.id, task: 0, sequence: 1 }] }],
      ['DELETE', job, 'delete generationjobs'],
      ['GET', '/v1/webhooks/dead', 'list generationjobs'],
      ['POST', '/v1/webhooks/dead/d1/resend', 'update generationjobs', {}],
      ['GET', '/v1/workers', 'list workerpools'],
      ['GET', '/v1/pools', 'list workerpools'],
      ['GET', '/v1/doctor', 'list workerpools'],
      ['POST', '/v1/pools/default/pause', 'update workerpools', {}],
      ['POST', '/v1/pools/default/resume', 'update workerpools', {}],
      ['GET', '/v1/settings', 'update workerpools'],
    ];
    at.server.users.set('probe', { username: 'probe', rules: [] });
    for (const [method, url, right, payload] of needs) {
      const refused = await ask(method, url, payload);
      const [verb, resource] = right.split(' ');
      const where = resource === 'workerpools' ? 'genwarden' : 'team-a';
      expect([method, url, refused.statusCode, refused.json().detail]).toEqual([
        method,
        url,
        403,
        `probe may not ${verb} ${resource}.genwarden.dev in namespace ${where}`,
      ]);
    }
    const routes = (await at.world.get('/openapi.json')).json.paths as Record<string, object>;
    const authed = Object.entries(routes).flatMap(([path, methods]) =>
      Object.keys(methods).filter(() => path.startsWith('/v1')),
    );
    expect(needs).toHaveLength(authed.length);
  });

  test("a namespace never sees another's jobs, by no route", async () => {
    await using at = await cluster();
    const { json } = await at.world.post('/v1/jobs', yard, as('ann-token', 'team-a'));
    const job = `/v1/jobs/${json.id}`;
    await at.world.claim(json.id);
    const bob = as('bob-token', 'team-b');
    const bytes = ['artifacts/image', 'references/0', 'input'].map((path) => `tasks/0/${path}`);
    for (const url of [job, ...['history', 'explain', 'events', ...bytes].map((path) => `${job}/${path}`)]) {
      expect([url, code(await at.world.get(url, bob))]).toEqual([url, '404 JobNotFound']);
    }
    const posts = { cancel: {}, retry: {}, 'tasks/0/review': { run: 1, decision: 'approve' } };
    for (const [url, body] of Object.entries(posts)) {
      expect([url, code(await at.world.post(`${job}/${url}`, body, bob))]).toEqual([url, '404 JobNotFound']);
    }
    expect((await at.world.api.inject({ method: 'DELETE', url: job, headers: bob })).statusCode).toBe(404);
    expect((await at.world.get('/v1/jobs', bob)).json.items).toEqual([]);
    at.world.clock.skip(85_000);
    expect((await at.world.get('/v1/stuck?olderThan=1s', as('ann-token', 'team-a'))).json.items).toHaveLength(1);
    expect((await at.world.get('/v1/stuck?olderThan=1s', bob)).json.items).toEqual([]);
    const tasks = [{ job: json.id, task: 0, sequence: 2 }];
    expect((await at.world.post('/v1/stuck/fix', { tasks }, bob)).json.items).toMatchObject([{ outcome: 'notFound' }]);
    expect((await at.world.get(job, as('ann-token', 'team-a'))).json.state).toBe('running');
  });

  test("workers and pools are the installation's; the jobs on them are shown to those who may list them", async () => {
    await using at = await cluster();
    const { json } = await at.world.post('/v1/jobs', yard, as('ann-token', 'team-a'));
    at.world.heartbeats.beat(aBeat({ tasks: [{ job: json.id, task: 0, claim: 0, progress: 0 }] }));
    const worker = async (token: string, namespace: string) => {
      const look = async () => (await at.world.get('/v1/workers', as(token, namespace))).json.items;
      return (await until(async () => (await look()).length === 1 && look(), { what: 'the worker' }))[0];
    };
    expect((await worker('ops-token', 'team-a')).tasks).toEqual([]);
    expect((await worker('boss-token', 'team-a')).tasks).toMatchObject([{ job: json.id }]);
    expect((await worker('boss-token', 'team-b')).tasks).toEqual([]);
    expect((await worker('boss-token', '*')).tasks).toMatchObject([{ job: json.id }]);
    expect((await at.world.get('/v1/pools', as('ops-token'))).status).toBe(200);
    expect((await at.world.get('/v1/doctor', as('ops-token', '*'))).status).toBe(200);
    expect((await at.world.post('/v1/pools/default/pause', {}, as('boss-token'))).status).toBe(200);
  });
});

describe('all namespaces', () => {
  test('are read with a cluster-wide right, and changed one namespace at a time', async () => {
    await using at = await cluster();
    const { json } = await at.world.post('/v1/jobs', yard, as('ann-token', 'team-a'));
    const job = `/v1/jobs/${json.id}`;
    for (const url of ['/v1/jobs', job, `${job}/history`, `${job}/explain`, '/v1/stuck', '/v1/pools', '/v1/workers']) {
      expect([url, (await at.world.get(url, as('boss-token', '*'))).status]).toEqual([url, 200]);
    }
    expect((await at.world.get('/v1/jobs', as('boss-token', '*'))).json.items).toMatchObject([{ tenant: 'team-a' }]);
    expect((await at.world.get('/v1/jobs', as('ann-token', '*'))).json.detail).toMatch(/in all namespaces$/);
    const posts: [string, object][] = [
      ['/v1/jobs', yard],
      [`${job}/cancel`, {}],
      [`${job}/retry`, {}],
      [`${job}/tasks/0/review`, { run: 1, decision: 'approve' }],
    ];
    for (const [url, body] of posts) {
      expect([url, code(await at.world.post(url, body, as('boss-token', '*')))]).toEqual([
        url,
        '400 NamespaceRequired',
      ]);
    }
    const removed = await at.world.api.inject({ method: 'DELETE', url: job, headers: as('boss-token', '*') });
    expect(removed.json().code).toBe('NamespaceRequired');
    const tasks = [{ job: json.id, task: 0, sequence: 1 }];
    expect((await at.world.post('/v1/stuck/fix', { tasks }, as('ann-token', '*'))).status).toBe(403);
    const fixed = await at.world.post('/v1/stuck/fix', { tasks }, as('boss-token', '*'));
    expect(fixed.json.items).toMatchObject([{ outcome: 'failed' }]);
  });
});
