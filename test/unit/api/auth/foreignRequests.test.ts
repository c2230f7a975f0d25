// Which requests an API without authentication refuses, because a page of another site sends them or a foreign name leads to it.

import { describe, expect, test } from 'vitest';
import { refuseForeign, type OwnSite, type RequestSource } from '../../../../src/api/auth/foreignRequests.ts';
import { tokenStore } from '../../../../src/api/auth/tokenStore.ts';
import { apiWorld } from '../../../fakes/apiWorld.ts';

const none: RequestSource = {
  method: 'GET',
  host: 'localhost:8080',
  origin: undefined,
  referer: undefined,
  fetchSite: undefined,
};

/** The code of the refusal, or `ok`. */
function answer(source: Partial<RequestSource>, site: Partial<OwnSite> = {}): string {
  return refuseForeign({ corsOrigins: [], ...site })({ ...none, ...source })?.code ?? 'ok';
}

describe('host names', () => {
  const everywhere = { listensOn: '0.0.0.0' };

  test.each([
    'localhost:8080',
    'LOCALHOST',
    'localhost.:8080',
    'genwarden.localhost:8080',
    '127.0.0.1:8080',
    '127.8.9.1',
    '[::1]:8080',
    '[fe80::1]',
    '192.168.1.5:8080',
    '10.42.0.7:8080',
  ])('%s is always one of the API', (host) => {
    expect([answer({ host }), answer({ host }, everywhere)]).toEqual(['ok', 'ok']);
  });

  test.each([
    'api:8080',
    'genwarden-api',
    'genwarden-api.prod.svc:80',
    'genwarden-api.prod.svc.cluster.local',
    'laptop.local:8080',
    'host.docker.internal:8080',
    'box.home.arpa',
  ])('%s is one on a network, not on the loopback address', (host) => {
    expect([answer({ host }, everywhere), answer({ host }), answer({ host }, { listensOn: '::1' })]).toEqual([
      'ok',
      'ForeignHost',
      'ForeignHost',
    ]);
  });

  test.each([
    'evil.example:8080',
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example:8080',
    'xlocalhost.example',
    'genwarden-api.dev',
    'localhost:8080@evil.example',
    'localhost/evil.example',
    'evil.example#localhost',
    '[evil.example]',
    'localhost:8080:8080',
    'evil.example.',
    '',
  ])('%s never is', (host) => {
    expect([answer({ host }), answer({ host }, everywhere)]).toEqual(['ForeignHost', 'ForeignHost']);
  });

  test('those of the settings and of the machine are', () => {
    const site = {
      listensOn: 'gen.lan.example',
      hostname: 'box.corp.example',
      publicUrl: 'https://gen.example/api',
      corsOrigins: ['https://app.example:3000', '*'],
    };
    for (const host of ['gen.lan.example', 'Box.Corp.Example:80', 'gen.example', 'app.example:8080']) {
      expect([host, answer({ host }, site)]).toEqual([host, 'ok']);
    }
    expect(answer({ host: 'other.example' }, site)).toBe('ForeignHost');
  });

  test('a request of HTTP/1.0 may have none: no browser sends one', () => {
    expect(answer({ host: undefined })).toBe('ok');
  });
});

describe('pages', () => {
  const app = 'https://app.example';
  const allowed = { corsOrigins: [app] };

  test.each<[string, Partial<RequestSource>]>([
    ['curl and the clients', {}],
    ['curl that changes something', { method: 'POST' }],
    ['an address that the user entered', { fetchSite: 'none' }],
    ['a page of the API itself', { method: 'POST', origin: 'http://localhost:8080', fetchSite: 'same-origin' }],
    ['the same with a referrer policy that hides it', { method: 'POST', origin: 'null', fetchSite: 'same-origin' }],
    ['the same on a LAN', { method: 'POST', host: '10.0.0.7:8080', origin: 'http://10.0.0.7:8080' }],
    ['the same behind a proxy with TLS', { method: 'POST', host: '10.0.0.7', origin: 'https://10.0.0.7' }],
    ['an image on a page of another port', { fetchSite: 'same-site', referer: 'http://localhost:3000/' }],
  ])('admits %s', (_name, source) => {
    expect(answer(source)).toBe('ok');
  });

  test.each<[string, Partial<RequestSource>]>([
    ['a POST of another site', { method: 'POST', origin: 'http://evil.example', fetchSite: 'cross-site' }],
    ['the same from an old browser', { method: 'POST', origin: 'http://evil.example' }],
    ['a POST of a sandboxed page', { method: 'POST', origin: 'null', fetchSite: 'cross-site' }],
    ['the same from an old browser', { method: 'POST', origin: 'null' }],
    ['a form without a referrer', { method: 'POST', fetchSite: 'cross-site' }],
    ['a POST of another port', { method: 'POST', origin: 'http://localhost:3000', fetchSite: 'same-site' }],
    ['a DELETE of another port', { method: 'DELETE', origin: 'http://localhost:3000', fetchSite: 'same-site' }],
    ['a fetch of another port', { origin: 'http://localhost:3000', fetchSite: 'same-site' }],
    ['a fetch of another site', { origin: 'http://evil.example' }],
    ['an image or a link of another site', { fetchSite: 'cross-site' }],
    ['a HEAD of another site', { method: 'HEAD', fetchSite: 'cross-site' }],
    ['a value that no browser sends', { fetchSite: 'elsewhere' }],
    ['an origin that only begins like the own one', { origin: 'http://localhost:8080.evil.example' }],
    ['a prefix of an allowed origin', { origin: 'https://app.example.evil.example', fetchSite: 'cross-site' }],
  ])('refuses %s', (_name, source) => {
    expect(answer(source, allowed)).toBe('CrossSiteRequest');
  });

  test('admits allowed origins, images on their pages, and all origins for *', () => {
    expect(answer({ method: 'POST', origin: app, fetchSite: 'cross-site' }, allowed)).toBe('ok');
    expect(answer({ referer: `${app}/gallery`, fetchSite: 'cross-site' }, allowed)).toBe('ok');
    expect(answer({ method: 'POST', origin: app }, { publicUrl: `${app}/genwarden` })).toBe('ok');
    const evil = { method: 'POST', origin: 'http://evil.example', fetchSite: 'cross-site' };
    expect(answer(evil, { corsOrigins: ['*'] })).toBe('ok');
  });
});

describe('the API', () => {
  const evil = { origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' };
  const changes = ['/v1/pools/default/pause', '/v1/pools/default/resume', '/v1/jobs', '/v1/artifacts', '/v1/stuck/fix'];

  test('refuses every change of another site before it reads the body, and changes nothing', async () => {
    await using world = await apiWorld();
    const id = await world.submit();
    for (const path of [...changes, `/v1/jobs/${id}/cancel`, `/v1/jobs/${id}/retry`, `/v1/jobs/${id}/tasks/0/review`]) {
      for (const headers of [evil, { ...evil, 'content-type': 'text/plain' }]) {
        const { status, json } = await world.post(path, undefined, headers);
        expect([path, status, json.code]).toEqual([path, 403, 'CrossSiteRequest']);
      }
    }
    const gone = await world.api.inject({ method: 'DELETE', url: `/v1/jobs/${id}`, headers: evil });
    expect(gone.statusCode).toBe(403);
    expect((await world.get(`/v1/jobs/${id}`)).json.state).toBe('queued');
    expect((await world.get('/v1/pools')).json.items[0].paused).toBe(false);
  });

  test('every route that a token would protect refuses a foreign name; health does not', async () => {
    await using world = await apiWorld();
    const document = (await world.get('/openapi.json')).json as { paths: Record<string, Record<string, object>> };
    const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({ path, method: method.toUpperCase() as 'GET' })),
    );
    expect(routes.length).toBeGreaterThan(15);
    for (const { path, method } of routes) {
      const url = path.replaceAll(/\{\w+\}/g, 'x');
      const { statusCode } = await world.api.inject({ method, url, headers: { host: 'evil.example' } });
      expect([path, statusCode]).toEqual([path, path.startsWith('/v1/') ? 403 : 200]);
    }
    const upgrade = { ...evil, connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
    expect((await world.get('/v1/events', upgrade)).json).toMatchObject({
      code: 'CrossSiteRequest',
      detail: 'A page of http://evil.example sent this request',
    });
    expect((await world.get('/v1/jobs', { host: 'evil.example:8080' })).json).toMatchObject({
      code: 'ForeignHost',
      detail: 'The API has no host name "evil.example:8080"',
    });
  });

  test('with authentication asks for a token instead', async () => {
    await using world = await apiWorld({ auth: tokenStore([]) });
    const { status, json } = await world.get('/v1/jobs', { ...evil, host: 'evil.example' });
    expect([status, json.code]).toEqual([401, 'Unauthorized']);
  });
});
