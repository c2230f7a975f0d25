// Signing in to the console with a token: what the session shows, which requests its cookie admits, and that the token stays secret.

import { pino } from 'pino';
import { expect, describe, onTestFinished, test } from 'vitest';
import type { ApiOptions } from '../../../../src/api/app.ts';
import { createToken } from '../../../../src/api/auth/createToken.ts';
import type { Scope } from '../../../../src/api/auth/principal.ts';
import { tokenStore } from '../../../../src/api/auth/tokenStore.ts';
import { apiWorld, type Answer, type ApiWorld } from '../../../fakes/apiWorld.ts';
import { start } from '../../../fakes/tasks.ts';
import { cluster } from '../auth/stage.ts';

const consoleFolder = new URL('./', import.meta.url);
const own = { host: 'localhost:8080', origin: 'http://localhost:8080', 'sec-fetch-site': 'same-origin' };

function aToken(scopes: readonly Scope[], expiresAt?: number) {
  const about = { name: 'ann', tenant: 'team-a', scopes, createdAt: start };
  return createToken({ ...about, ...(expiresAt === undefined ? {} : { expiresAt }) }, (bytes) =>
    Buffer.alloc(bytes, 7),
  );
}

interface Desk extends ApiWorld {
  readonly token: string;
  signIn(token?: string, headers?: Record<string, string>): Promise<Answer>;
}

async function desk(scopes: readonly Scope[] = ['jobs:read'], over: Partial<ApiOptions> = {}, expiresAt?: number) {
  const { token, entry } = aToken(scopes, expiresAt);
  const world = await apiWorld({ auth: tokenStore([entry]), consoleFolder, version: '1.2.3', ...over });
  onTestFinished(() => world[Symbol.asyncDispose]());
  const signIn: Desk['signIn'] = (given = token, headers = own) =>
    world.post('/console/session', { token: given }, headers);
  return { ...world, token, signIn } satisfies Desk;
}

const cookieOf = ({ headers }: Answer): string =>
  [headers['set-cookie'] ?? []]
    .flat()
    .map((each) => String(each).split(';', 1)[0])
    .join('; ');

describe('the session', () => {
  test('without authentication shows what everyone may do, and asks for nothing', async () => {
    const world = await desk([], { auth: 'off' });
    const { status, json, headers } = await world.get('/console/session', own);
    expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
    expect(json).toMatchObject({
      installation: { name: 'genwarden', version: '1.2.3' },
      authentication: 'off',
      signIn: [],
      principal: { tenant: 'default', scopes: ['jobs:read', 'jobs:write', 'admin'], expiresAt: null },
      links: { docs: 'https://genwarden.dev/docs/', api: 'docs' },
    });
    expect((await world.signIn('anything')).headers['set-cookie']).toBeUndefined();
  });

  test('links to the metrics for a browser on the same machine', async () => {
    const world = await desk([], { metricsUrl: 'http://127.0.0.1:8081/metrics' });
    const metrics = async (host: string) => (await world.get('/console/session', { host })).json.links.metrics;
    expect(await metrics('localhost:8080')).toBe('http://127.0.0.1:8081/metrics');
    expect(await metrics('genwarden.example.com')).toBeUndefined();
    const everywhere = await desk([], { metricsUrl: 'http://0.0.0.0:8081/metrics' });
    expect((await everywhere.get('/console/session', own)).json.links.metrics).toBeUndefined();
  });

  test('without authentication is not for pages of other sites', async () => {
    const world = await desk([], { auth: 'off' });
    const foreign = { origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' };
    expect((await world.get('/console/session', foreign)).json.code).toBe('CrossSiteRequest');
    expect((await world.get('/console/session', { host: 'evil.example' })).json.code).toBe('ForeignHost');
  });

  test('before a sign-in has no principal, and says how to sign in', async () => {
    const world = await desk();
    const { json } = await world.get('/console/session', own);
    expect(json).toMatchObject({ authentication: 'required', signIn: ['token'], principal: null });
  });

  test('after it shows the owner of the token, with the scopes and the expiry', async () => {
    const expiresAt = start + 3_600_000;
    const world = await desk(['jobs:read', 'jobs:write'], {}, expiresAt);
    const answer = await world.signIn();
    const principal = {
      name: 'ann',
      tenant: 'team-a',
      scopes: ['jobs:read', 'jobs:write'],
      expiresAt: new Date(expiresAt).toISOString(),
    };
    expect([answer.status, answer.json.principal]).toEqual([200, principal]);
    const later = await world.get('/console/session', { ...own, cookie: cookieOf(answer) });
    expect(later.json).toEqual(answer.json);
    expect(JSON.stringify(later.json)).not.toContain(world.token);
  });

  test('of an administrator may do everything, in the tenant that the request names', async () => {
    const world = await desk(['admin']);
    const cookie = cookieOf(await world.signIn());
    const { json } = await world.get('/console/session', { ...own, cookie, 'genwarden-namespace': 'team-b' });
    expect(json.principal).toMatchObject({ tenant: 'team-b', scopes: ['jobs:read', 'jobs:write', 'admin'] });
  });

  test('of a token that is no longer valid has no principal, and loses its cookie', async () => {
    const world = await desk(['jobs:read'], {}, start + 60_000);
    const cookie = cookieOf(await world.signIn());
    await world.clock.advance(61_000);
    const { status, json, headers } = await world.get('/console/session', { ...own, cookie });
    expect([status, json.principal]).toEqual([200, null]);
    expect(headers['set-cookie']).toEqual(['genwarden_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict']);
    expect((await world.get('/v1/jobs', { ...own, cookie })).status).toBe(401);
  });

  test('ends when the person signs out', async () => {
    const world = await desk();
    const cookie = cookieOf(await world.signIn());
    const gone = await world.api.inject({ method: 'DELETE', url: '/console/session', headers: { ...own, cookie } });
    expect([gone.statusCode, gone.headers['set-cookie']]).toEqual([
      204,
      ['genwarden_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict'],
    ]);
  });
});

describe('a sign-in', () => {
  test.each([
    ['an unknown token', 'gw_unknown', 401, 'Unauthorized'],
    ['no token', '', 422, 'InvalidRequest'],
    ['what cannot be a token', 'gw_a b;c', 422, 'InvalidRequest'],
    ['an endless token', 'x'.repeat(20_000), 422, 'InvalidRequest'],
  ])('with %s is refused, and sets no cookie', async (_name, token, status, code) => {
    const world = await desk();
    const answer = await world.signIn(token);
    expect([answer.status, answer.json.code, answer.headers['set-cookie']]).toEqual([status, code, undefined]);
  });

  test('with an unknown token gets the same answer as any request with it', async () => {
    const world = await desk();
    const [one, other] = [
      await world.signIn('gw_unknown'),
      await world.get('/v1/jobs', { authorization: 'Bearer gw_unknown' }),
    ];

    expect({ ...one.json, requestId: '' }).toEqual({ ...other.json, requestId: '' });
  });

  test('of a body that no token has is not read', async () => {
    const world = await desk();
    const answer = await world.signIn('x'.repeat(100_000));
    expect([answer.status, answer.json.code]).toEqual([413, 'BodyTooLarge']);
  });

  test('counts as a request, so that tokens are limited as elsewhere', async () => {
    const { token, entry } = aToken(['jobs:read']);
    const world = await desk([], { auth: tokenStore([{ ...entry, requestsPerSecond: 1 }]) });
    const answers = [await world.signIn(token), await world.signIn(token), await world.signIn(token)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
  });

  test.each([
    ['another site', { host: 'a.example', origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['another port', { host: 'localhost:8080', origin: 'http://localhost:3000', 'sec-fetch-site': 'same-site' }],
    ['an old browser', { host: 'a.example', origin: 'http://evil.example' }],
  ])('from a page of %s is refused, and so is a sign-out', async (_name, headers) => {
    const world = await desk();
    expect((await world.signIn(world.token, headers)).json.code).toBe('CrossSiteRequest');
    const gone = await world.api.inject({ method: 'DELETE', url: '/console/session', headers });
    expect(gone.json().code).toBe('CrossSiteRequest');
  });

  test('by https gets a cookie that no other host can set', async () => {
    const world = await desk();
    const answer = await world.signIn(world.token, { host: 'a.example', origin: 'https://a.example' });
    expect(answer.headers['set-cookie']).toEqual([
      `__Host-genwarden_session=1:${world.token}; Path=/; HttpOnly; Secure; SameSite=Strict`,
    ]);
  });
});

describe('the cookie', () => {
  const same = { 'sec-fetch-site': 'same-origin' };
  const lan = { host: '10.0.0.7:8080' };
  const cases: readonly (readonly [string, 'GET' | 'POST', Record<string, string>, boolean])[] = [
    ['a script of the console', 'POST', { ...own }, true],
    ['a picture of the console', 'GET', { ...same }, true],
    [
      'the console behind a proxy that changes the host',
      'POST',
      { ...same, host: 'api:8080', origin: 'https://a.example' },
      true,
    ],
    ['an address that the person entered', 'GET', { 'sec-fetch-site': 'none' }, true],
    ['the console by plain http on a network', 'POST', { ...lan, origin: 'http://10.0.0.7:8080' }, true],
    ['a picture or a list there, which have no origin', 'GET', lan, true],
    ['a page of another site', 'GET', { 'sec-fetch-site': 'cross-site' }, false],
    ['a form of another site', 'POST', { 'sec-fetch-site': 'cross-site', origin: 'http://evil.example' }, false],
    ['a page of another port', 'GET', { 'sec-fetch-site': 'same-site' }, false],
    ['a script of another port', 'POST', { 'sec-fetch-site': 'same-site', origin: 'http://localhost:3000' }, false],
    ['a POST that no page sent', 'POST', { 'sec-fetch-site': 'none' }, false],
    ['another origin on a network', 'POST', { ...lan, origin: 'http://10.0.0.7:3000' }, false],
    ['another origin that reads there', 'GET', { ...lan, origin: 'http://evil.example' }, false],
    ['a sandboxed page there', 'POST', { ...lan, origin: 'null' }, false],
    ['a POST without an origin', 'POST', lan, false],
  ];

  test.each(cases)('of a request from %s (%s)', async (_name, method, headers, admitted) => {
    const world = await desk(['jobs:write', 'jobs:read']);
    const byHttps = headers['origin']?.startsWith('https:') === true;
    const cookie = cookieOf(await world.signIn(world.token, byHttps ? headers : own));
    const answer =
      method === 'GET'
        ? await world.get('/v1/jobs', { ...headers, cookie })
        : await world.post('/v1/jobs', { kind: 'image', input: { prompt: 'a yard' } }, { ...headers, cookie });
    if (admitted) expect(answer.status).toBe(method === 'GET' ? 200 : 202);
    else {
      expect([answer.status, answer.json.code, answer.json.detail]).toEqual([
        401,
        'Unauthorized',
        "The request has no bearer token, and the console's cookie counts only for its own pages",
      ]);
    }
  });

  test('of the public address is admitted from its pages, whatever host the proxy names', async () => {
    const world = await desk(['jobs:read'], { publicUrl: 'https://a.example/genwarden' });
    const page = { host: 'api:8080', origin: 'https://a.example' };
    const cookie = cookieOf(await world.signIn(world.token, page));
    expect((await world.get('/v1/jobs', { ...page, cookie })).status).toBe(200);
  });

  test('never replaces a token that the request has', async () => {
    const world = await desk();
    const cookie = cookieOf(await world.signIn());
    for (const authorization of ['Bearer gw_unknown', 'Basic YTpi', '']) {
      const { status } = await world.get('/v1/jobs', { ...own, cookie, authorization });
      expect([authorization, status]).toEqual([authorization, 401]);
    }
  });

  test('with something else than a token is no token', async () => {
    const world = await desk();
    const { json } = await world.get('/v1/jobs', { ...own, cookie: 'genwarden_session=1:a b' });
    expect(json.detail).toBe('The request has no bearer token');
  });

  test('and the token never reach a log', async () => {
    const lines: string[] = [];
    const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
    const world = await desk(['jobs:read'], { logger });
    const cookie = cookieOf(await world.signIn());
    world.follower.index.task = () => {
      throw new Error('a failure while a request is answered');
    };
    for (const [path, headers] of [
      ['/v1/jobs', { ...own, cookie }],
      ['/v1/jobs', { 'sec-fetch-site': 'cross-site', cookie }],
      ['/v1/jobs/01jd0000000000000000000000', { ...own, cookie }],
      ['/console/session', { ...own, cookie }],
    ] as const)
      await world.get(path, headers);
    await world.signIn(`${world.token}x`);
    await world.post('/v1/jobs', { kind: 'image', input: { prompt: 'a' } }, { ...own, cookie });
    expect(lines.join('')).not.toContain(world.token);
    expect(lines.join('')).not.toContain('genwarden_session');
  });
});

describe('a Kubernetes user', () => {
  const consoleOf = async () => {
    const at = await cluster({ consoleFolder });
    onTestFinished(() => at[Symbol.asyncDispose]());
    return at;
  };

  test.each([
    ['ann-token', 'team-a', ['jobs:read', 'jobs:write']],
    ['eve-token', 'team-a', ['jobs:read']],
    ['boss-token', 'team-b', ['jobs:read', 'jobs:write', 'admin']],
  ])('%s sees what the cluster grants', async (token, namespace, scopes) => {
    const { world } = await consoleOf();
    const headers = { ...own, 'genwarden-namespace': namespace };
    const { json } = await world.post('/console/session', { token }, headers);
    expect(json.principal).toMatchObject({ tenant: namespace, scopes });
  });

  test('without any right there is refused as by any request', async () => {
    const { world } = await consoleOf();
    const { status, json, headers } = await world.post('/console/session', { token: 'ann-token' }, own);
    expect([status, json.code, headers['set-cookie']]).toEqual([403, 'Forbidden', undefined]);
    expect(json.detail).toBe('ann may not list generationjobs.genwarden.dev in namespace default');
  });
});
