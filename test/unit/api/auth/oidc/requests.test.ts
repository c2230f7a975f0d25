// Requests with the tokens of an issuer: beside other kinds of tokens, with the issuer away, and held open until they expire.

import { randomBytes } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ApiOptions } from '../../../../../src/api/app.ts';
import { clockTime } from '../../../../../src/job/explain/format.ts';
import { createToken } from '../../../../../src/api/auth/createToken.ts';
import { tokenStore } from '../../../../../src/api/auth/tokenStore.ts';
import { apiWorld, type ApiWorld } from '../../../../fakes/apiWorld.ts';
import { virtualClock, type VirtualClock } from '../../../../fakes/clock.ts';
import { sign, signingKey } from '../../../../fakes/identityProvider.ts';
import { start } from '../../../../fakes/tasks.ts';
import { EventStreamReader } from '../../../../support/eventStreamReader.ts';
import { until } from '../../../../support/until.ts';
import { as, cluster, code, yard } from '../stage.ts';
import { claims, issuer, oidcStage, startSeconds, type Over, type Stage } from './stage.ts';

async function oidcWorld(over: Partial<ApiOptions> = {}, away?: string): Promise<ApiWorld & Stage> {
  const stage = await oidcStage(away === undefined ? {} : { away });
  const world = await apiWorld({ auth: tokenStore([]), oidc: stage.tokens, clock: stage.clock, ...over });
  onTestFinished(() => world[Symbol.asyncDispose]());
  return { ...world, ...stage };
}

const checkOf = async ({ get, token }: ApiWorld & Stage, name: string, headers?: object): Promise<unknown> => {
  const answer = await get('/v1/doctor', { ...as(await token()), ...headers });
  return answer.json.checks.find((check: { name: string }) => check.name === name);
};

describe('a request', () => {
  test('belongs to the tenant of the token, within its scopes', async () => {
    const { post, get, token } = await oidcWorld();
    const own = as(await token());
    const { json } = await post('/v1/jobs', yard, own);
    expect(json.tenant).toBe('acme');
    expect((await get(`/v1/jobs/${json.id}`, as(await token({ tenant: 'other' })))).status).toBe(404);
    const reader = as(await token({ scope: 'jobs:read' }));
    expect((await get(`/v1/jobs/${json.id}`, reader)).status).toBe(200);
    expect((await post('/v1/jobs', yard, reader)).json).toMatchObject({
      status: 403,
      code: 'Forbidden',
      detail: 'Token garden-app lacks the scope jobs:write',
    });
    expect(code(await get('/v1/jobs', as(await token(), 'other')))).toBe('403 Forbidden');
    const admin = await token({ scope: 'admin' });
    expect((await get('/v1/jobs', as(admin, '*'))).json.items).toMatchObject([{ id: json.id }]);
  });

  test.each([
    ['a wrong audience', { aud: 'other' }, 401, /^The token is for the audience "other", not for /],
    ['an end in the past', { exp: startSeconds - 60 }, 401, /^The token expired at /],
    ['a start in the future', { nbf: startSeconds + 300 }, 401, /^The token is not valid before /],
    ['no tenant', { tenant: undefined }, 403, /^The token has no claim tenant/],
    ['no scope', { scope: 'openid' }, 403, /^The token has none of the scopes /],
    ['another issuer', { iss: 'https://other.example' }, 401, /^The token's issuer is "https:\/\/other.example", not /],
  ])('whose token has %s is refused with the reason', async (_, over, status, detail) => {
    const { get, token } = await oidcWorld();
    const text = await token(over);
    const refused = await get('/v1/jobs', as(text));
    expect(refused.status).toBe(status);
    expect(refused.json.detail).toMatch(detail);
    expect(refused.headers['www-authenticate']).toBe(status === 401 ? 'Bearer' : undefined);
    expect(JSON.stringify(refused.json)).not.toContain(text.split('.')[2]);
  });

  test('gets 503 with Retry-After while the issuer is away, and tokens of the file still work', async () => {
    const own = createToken({ name: 'ci', tenant: 'acme', scopes: ['jobs:read'], createdAt: start }, randomBytes);
    const world = await oidcWorld({ auth: tokenStore([own.entry]) }, 'it is away');
    const refused = await world.get('/v1/jobs', as(await world.token()));
    expect(refused.json).toMatchObject({ status: 503, code: 'OidcUnavailable', detail: 'it is away' });
    expect(refused.headers['retry-after']).toBe('10');
    expect((await world.get('/v1/jobs', as(own.token))).status).toBe(200);
    expect(await checkOf(world, 'issuer', as(own.token))).toEqual({
      seenBy: 'api',
      name: 'issuer',
      ok: false,
      says: `it is away (since ${clockTime(start)}); its tokens are refused`,
      advice: 'Check GENWARDEN_OIDC_ISSUER, and that the API can connect to it. Other tokens still work.',
    });
    expect((await world.get('/readyz')).status).toBe(200);
  });

  test('makes doctor say which issuer counts', async () => {
    const world = await oidcWorld();
    expect(await checkOf(world, 'issuer')).toMatchObject({
      ok: true,
      says: `${issuer} publishes 1 key, read 0 ms ago`,
    });
    world.provider.away = 'it is away';
    world.clock.skip(90_000);
    expect(await checkOf(world, 'issuer')).toMatchObject({
      ok: false,
      says: expect.stringMatching(/^it is away \(since .*\); its last 1 key stays in use for 5 h 5[89] min$/) as string,
    });
  });
});

test('the OpenAPI document names the issuer only if there is one', async () => {
  const { get } = await oidcWorld();
  const { paths, components } = (await get('/openapi.json')).json;
  expect(components.securitySchemes.oidc).toMatchObject({
    type: 'openIdConnect',
    openIdConnectUrl: `${issuer}/.well-known/openid-configuration`,
  });
  expect(paths['/v1/jobs'].post.security).toEqual([{ token: ['jobs:write'] }, { oidc: ['jobs:write'] }]);
  expect(paths['/healthz'].get.security).toEqual([]);
  await using plain = await apiWorld();
  expect((await plain.get('/openapi.json')).json.components.securitySchemes).not.toHaveProperty('oidc');
});

test("the issuer's tokens never go to Kubernetes, and Kubernetes' tokens never to the issuer", async () => {
  const clock = virtualClock();
  const { tokens, provider, token } = await oidcStage({ clock });
  await using at = await cluster({ oidc: tokens, clock });
  expect((await at.world.post('/v1/jobs', yard, as(await token()))).json.tenant).toBe('acme');
  expect(code(await at.world.get('/v1/jobs', as(await token({ aud: 'other' }))))).toBe('401 Unauthorized');
  expect(at.server.asked).toEqual([]);
  clock.skip(10_000);
  const asked = provider.asked;
  const serviceAccount = await sign(claims({ iss: 'https://kubernetes.default.svc' }), await signingKey('cluster'));
  at.server.users.set(serviceAccount, at.server.users.get('ann-token')!);
  expect((await at.world.get('/v1/jobs', as(serviceAccount, 'team-a'))).status).toBe(200);
  expect((await at.world.get('/v1/jobs', as('ann-token', 'team-a'))).status).toBe(200);
  expect(provider.asked).toBe(asked);
});

describe('a request that is held open', () => {
  async function streaming(over: Over) {
    const world = await oidcWorld();
    const url = await world.api.listen({ host: '127.0.0.1', port: 0 });
    const stream = await EventStreamReader.open(`${url}/v1/events`, undefined, await world.token(over));
    await stream.until((all) => all.length === 1, 'the snapshot');
    return { ...world, url, stream };
  }

  const problemOf = async (stream: EventStreamReader): Promise<unknown> => {
    await until(() => stream.ended, { what: 'the end of the stream' });
    const { event, data } = stream.received.at(-1)!;
    return [event, data.status, data.code, String(data.detail).replace(/ \d{4}-.*/, '')];
  };

  /** Signatures are verified in another thread, which the virtual clock does not wait for. */
  const passTime = (clock: VirtualClock, stream: EventStreamReader): Promise<boolean> =>
    until(() => clock.advance(10_000).then(() => stream.ended), { what: 'the end of the stream' });

  test('ends when the token expires, with the clock tolerance, and not before', async () => {
    const { clock, stream } = await streaming({ exp: startSeconds + 5 });
    await clock.advance(34_999);
    expect(stream.ended).toBe(false);
    await clock.advance(1);
    expect(await problemOf(stream)).toEqual(['problem', 401, 'Unauthorized', 'The token expired at']);
  });

  test('ends soon after its key was withdrawn', async () => {
    const { clock, stream, provider } = await streaming({ exp: startSeconds + 86_400 });
    provider.keys = [await signingKey('key-2')];
    await clock.advance(590_000);
    expect(stream.ended).toBe(false);
    await passTime(clock, stream);
    expect(await problemOf(stream)).toEqual([
      'problem',
      401,
      'Unauthorized',
      'The issuer publishes no key "key-1" for "ES256"; its keys are read at most every 10 s',
    ]);
  });

  test('stays open while the issuer is away and its keys are in use', async () => {
    const { clock, stream, provider } = await streaming({ exp: startSeconds + 86_400 });
    provider.away = 'it is away';
    await clock.advance(6 * 3_600_000 - 10_000);
    expect(stream.ended).toBe(false);
    await passTime(clock, stream);
    expect(await problemOf(stream)).toEqual(['problem', 503, 'OidcUnavailable', 'it is away']);
  });
});
