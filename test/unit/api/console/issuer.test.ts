// Signing in to the console at a real issuer: there and back to the page that the person came from, again before the session ends, and
// what the page shows when it fails.

import { describe, expect, onTestFinished, test } from 'vitest';
import { createToken } from '../../../../src/api/auth/createToken.ts';
import { tokenStore } from '../../../../src/api/auth/tokenStore.ts';
import { apiWorld } from '../../../fakes/apiWorld.ts';
import { start } from '../../../fakes/tasks.ts';
import { consoleClient } from '../../../support/oidcIssuer.ts';
import { audience, callback, desk, host, own, resolved, type Desk } from './issuerDesk.ts';

describe('a sign-in', () => {
  test.each([
    ['a public client', {}],
    ['a client with a secret', { secret: 'a secret of the console' }],
  ])('of %s comes back to the page with a session that every request uses', async (_name, client) => {
    const { world, issuer, jar, visit, atIssuer, session } = await desk(client);
    expect((await session()).json).toMatchObject({ signIn: ['oidc', 'token'], principal: null, renewable: false });
    const there = await visit('/console/session/oidc?returnTo=%2Fjobs%2F01jd%3Ftab%3Dhistory');
    expect(there.startsWith(`${issuer.url}/auth?`)).toBe(true);
    const asked = new URL(there).searchParams;
    expect(Object.fromEntries(asked)).toMatchObject({
      client_id: consoleClient,
      redirect_uri: callback,
      response_type: 'code',
      scope: 'openid jobs:read jobs:write',
      code_challenge_method: 'S256',
      audience,
    });
    const back = await atIssuer(there);
    const page = await visit(back);
    expect(resolved(back, page)).toBe('/jobs/01jd?tab=history');
    const { json } = await session();
    expect(json).toMatchObject({
      principal: { name: 'ann', tenant: 'team-a', scopes: ['jobs:read', 'jobs:write'] },
      renewable: true,
      signInProblem: null,
    });
    expect(Date.parse(json.principal.expiresAt)).toBeGreaterThan(Date.now());
    const jobs = await world.get('/v1/jobs', { ...own, cookie: jar.header });
    expect(jobs.status).toBe(200);
    expect([...jar.cookies.keys()].toSorted()).toEqual(['genwarden_refresh', 'genwarden_session']);
  });

  test.each([
    ['', '/'],
    ['?returnTo=', '/'],
    ['?returnTo=https%3A%2F%2Fevil.example', '/'],
    ['?returnTo=javascript%3Aalert(1)', '/'],
    ['?returnTo=%2F%2Fevil.example%2Fx', '//evil.example/x'],
    ['?returnTo=%2F%5Cevil.example', '//evil.example'],
    ['?returnTo=%2Fjobs%0d%0aset-cookie%3A%20a', '/'],
    ['?returnTo=%2F..%2F..%2F..%2Fx', '/x'],
    ['?returnTo=%2Fpools%23gemini', '/pools#gemini'],
    ['?returnTo=%2F&returnTo=%2Fpools', '/'],
  ])('with %s leads to no other host', async (query, expected) => {
    const { visit, atIssuer } = await desk();
    const back = await atIssuer(await visit(`/console/session/oidc${query}`));
    const location = await visit(back);
    expect(location.startsWith('../../')).toBe(true);
    expect(resolved(back, location)).toBe(expected);
  });

  test('that the person declines says so once, on the page for signing in', async () => {
    const { issuer, jar, visit, atIssuer, session, logged } = await desk();
    const back = await atIssuer(await visit('/console/session/oidc?returnTo=%2Fpools'), 'mallory');
    const page = resolved(back, await visit(back));
    expect(page).toBe('/sign-in?error=SignInFailed&returnTo=%2Fpools');
    const first = await session();
    expect(first.json).toMatchObject({
      principal: null,
      signInProblem: {
        code: 'SignInFailed',
        title: 'The sign-in at the OpenID Connect issuer failed',
        detail: `The issuer ${issuer.url} answered access_denied: mallory declined`,
        hint: expect.stringContaining('/console/session/callback'),
      },
    });
    expect((await session()).json.signInProblem).toBeNull();
    expect([...jar.cookies.keys()]).toEqual([]);
    expect(logged.join('')).toContain('access_denied: mallory declined');
  });

  test('that this browser did not start is refused: nobody is signed in with the account of another person', async () => {
    const one = await desk();
    const back = await one.atIssuer(await one.visit('/console/session/oidc'));
    one.jar.cookies.clear();
    expect(resolved(back, await one.visit(back))).toMatch(/^\/sign-in\?error=SignInFailed/);
    expect((await one.session()).json.signInProblem.detail).toBe(
      'This browser did not start the sign-in, or started it more than ten minutes ago',
    );
    await one.visit('/console/session/oidc');
    await one.visit(back);
    expect((await one.session()).json).toMatchObject({ principal: null, signInProblem: { code: 'SignInFailed' } });
  });

  test('with a code that was used is refused', async () => {
    const { jar, visit, atIssuer, session } = await desk();
    const back = await atIssuer(await visit('/console/session/oidc'));
    const started = jar.header;
    await visit(back);
    jar.cookies.clear();
    jar.keep([started]);
    await visit(back);
    expect((await session()).json.signInProblem.detail).toContain('invalid_grant');
  });

  test('with a wrong secret says that the issuer does not accept the client', async () => {
    const { issuer, visit, atIssuer, session, logged } = await desk({ secret: 'right', usedSecret: 'wrong-secret' });
    await visit(await atIssuer(await visit('/console/session/oidc')));
    const { detail } = (await session()).json.signInProblem;
    expect(detail).toContain(issuer.url);
    expect(detail).toContain('client');
    expect(logged.join('')).not.toContain('wrong-secret');
  });

  test('while the issuer is away says so, and works when it is back', async () => {
    const { issuer, visit, atIssuer, session } = await desk();
    issuer.away = true;
    expect(await visit('/console/session/oidc?returnTo=%2Fstuck')).toBe(
      '../../sign-in?error=OidcUnavailable&returnTo=%2Fstuck',
    );
    expect((await session()).json.signInProblem.detail).toContain(`The issuer ${issuer.url} cannot be read`);
    issuer.away = false;
    const back = await atIssuer(await visit('/console/session/oidc?returnTo=%2Fstuck'));
    expect(resolved(back, await visit(back))).toBe('/stuck');
  });
});

describe('a session', () => {
  const signedIn = async (over?: Parameters<typeof desk>[0]): Promise<Desk> => {
    const at = await desk(over);
    await at.visit(await at.atIssuer(await at.visit('/console/session/oidc')));
    return at;
  };

  test('is renewed before it ends, and again', async () => {
    const { jar, renew, session } = await signedIn();
    const first = jar.cookies.get('genwarden_refresh');
    for (const { status, json } of [await renew(), await renew()]) {
      expect([status, json.principal?.tenant, json.renewable]).toEqual([200, 'team-a', true]);
    }
    expect(jar.cookies.get('genwarden_refresh')).not.toBe(first);
    expect((await session()).json.principal).not.toBeNull();
  });

  test('is renewed also by a page of a tenant that the person may not see', async () => {
    const { jar, renew, world } = await signedIn();
    const headers = { ...own, origin: `http://${host}`, cookie: jar.header, 'genwarden-namespace': 'team-b' };
    const answer = await world.post('/console/session/refresh', undefined, headers);
    expect([answer.status, answer.json.code]).toEqual([403, 'Forbidden']);
    jar.keep([answer.headers['set-cookie'] ?? []].flat().map(String));
    expect((await renew()).status).toBe(200);
  });

  test('of several tabs is renewed once for all of them', async () => {
    const { jar, renew, world } = await signedIn();
    const cookie = jar.header;
    const headers = { ...own, origin: `http://${host}`, cookie };
    const tabs = await Promise.all([1, 2, 3].map(() => world.post('/console/session/refresh', undefined, headers)));
    expect(tabs.map(({ status }) => status)).toEqual([200, 200, 200]);
    jar.keep([tabs[0]!.headers['set-cookie'] ?? []].flat().map(String));
    expect((await renew()).status).toBe(200);
  });

  test('whose refresh token is no longer valid ends, and asks to sign in', async () => {
    const { jar, renew, session } = await signedIn();
    jar.cookies.set('genwarden_refresh', '1:invented');
    const { status, json } = await renew();
    expect([status, json.code]).toEqual([401, 'SignInFailed']);
    expect(jar.cookies.has('genwarden_refresh')).toBe(false);
    expect((await renew()).json.detail).toBe('The session has no refresh token');
    expect((await session()).json).toMatchObject({ principal: { tenant: 'team-a' }, renewable: false });
  });

  test('is kept while the issuer is away', async () => {
    const { issuer, jar, renew } = await signedIn();
    issuer.away = true;
    const { status, json } = await renew();
    expect([status, json.code]).toEqual([503, 'OidcUnavailable']);
    expect(jar.cookies.has('genwarden_refresh')).toBe(true);
    issuer.away = false;
    expect((await renew()).status).toBe(200);
  });

  test('is not renewed for a page of another site', async () => {
    const { jar, world } = await signedIn();
    const headers = { host, origin: 'http://evil.example', 'sec-fetch-site': 'cross-site', cookie: jar.header };
    expect((await world.post('/console/session/refresh', undefined, headers)).json.code).toBe('CrossSiteRequest');
  });

  test('that a token replaces cannot be renewed to the person before', async () => {
    const { entry, token } = createToken(
      { name: 'bob', tenant: 'team-b', scopes: ['jobs:read'], createdAt: start },
      (bytes) => Buffer.alloc(bytes, 9),
    );
    const at = await signedIn();
    const other = await apiWorld({ auth: tokenStore([entry]), consoleFolder: new URL('./', import.meta.url) });
    onTestFinished(() => other[Symbol.asyncDispose]());
    const headers = { ...own, origin: `http://${host}`, cookie: at.jar.header };
    const answer = await other.post('/console/session', { token }, headers);
    at.jar.keep([answer.headers['set-cookie'] ?? []].flat().map(String));
    expect([...at.jar.cookies.keys()]).toEqual(['genwarden_session']);
  });

  test('leaves nothing of its tokens in a log', async () => {
    const { jar, logged, renew, issuer, visit } = await signedIn({ secret: 'a secret of the console' });
    const secrets = [...jar.cookies.values()].map((value) => value.replace(/^\d:/, ''));
    issuer.away = true;
    await renew();
    await visit('/console/session/callback?code=a-code-of-the-issuer&state=x');
    const text = logged.join('');
    expect(text).toContain('A sign-in at the issuer failed');
    for (const each of [...secrets, 'a secret of the console', 'a-code-of-the-issuer']) {
      expect(text).not.toContain(each);
    }
  });
});
