// What pages of other origins may send to the API, and what they may read of its answers.

import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createToken } from '../../../../src/api/auth/createToken.ts';
import { tokenStore } from '../../../../src/api/auth/tokenStore.ts';
import { apiWorld, type ApiWorld } from '../../../fakes/apiWorld.ts';
import { start } from '../../../fakes/tasks.ts';

const page = 'https://app.example.com';
const { token, entry } = createToken(
  { name: 'app', tenant: 'acme', scopes: ['jobs:read', 'jobs:write'], createdAt: start },
  (bytes) => randomBytes(bytes),
);
const world = (corsOrigins = [page]): Promise<ApiWorld> => apiWorld({ corsOrigins, auth: tokenStore([entry]) });

const preflight = ({ api }: ApiWorld, origin: string, headers = 'authorization', url = '/v1/jobs') =>
  api.inject({
    method: 'OPTIONS',
    url,
    headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': headers },
  });

const tracing = [
  'traceparent',
  'tracestate',
  'baggage',
  'sentry-trace',
  'x-datadog-trace-id',
  'x-datadog-parent-id',
  'x-datadog-sampling-priority',
  'x-b3-traceid',
  'b3',
  'x-request-id',
  'x-cloud-trace-context',
  'uber-trace-id',
];
const own = [
  'authorization',
  'content-type',
  'genwarden-namespace',
  'idempotency-key',
  'if-none-match',
  'last-event-id',
  'range',
];

describe('a preflight', () => {
  test.each([...own, ...tracing])('of a named origin may send %s', async (header) => {
    await using at = await world();
    const { statusCode, headers } = await preflight(at, page, `authorization,${header}`);
    expect(statusCode).toBe(204);
    expect(headers['access-control-allow-origin']).toBe(page);
    expect(String(headers['access-control-allow-headers']).split(',')).toContain(header);
    expect(headers['access-control-allow-methods']).toBe('GET, HEAD, POST, DELETE');
  });

  test('is kept for two hours, and never for another origin or other headers', async () => {
    await using at = await world();
    const { headers } = await preflight(at, page);
    expect(headers['access-control-max-age']).toBe('7200');
    expect(String(headers.vary).split(', ').toSorted()).toEqual(['Access-Control-Request-Headers', 'Origin']);
    expect(headers['access-control-allow-credentials']).toBeUndefined();
  });

  test.each(['https://evil.example.com', 'https://app.example.com.evil.example', 'http://app.example.com', 'null'])(
    'of %s is not allowed',
    async (origin) => {
      await using at = await world();
      expect((await preflight(at, origin)).headers['access-control-allow-origin']).toBeUndefined();
    },
  );

  test('needs no token for any path', async () => {
    await using at = await world();
    for (const url of ['/v1/jobs/x/links', '/v1/jobs/x/tasks/0/artifacts/image', '/v1/nowhere']) {
      expect((await preflight(at, page, 'authorization', url)).statusCode).toBe(204);
    }
  });

  test('is answered for every origin if the setting is *', async () => {
    await using at = await world(['*']);
    const { headers } = await preflight(at, 'https://any.example', 'traceparent');
    expect(headers['access-control-allow-origin']).toBe('*');
    expect(headers['access-control-allow-headers']).toBe('traceparent');
  });
});

describe('an answer', () => {
  const bearing = { origin: page, authorization: `Bearer ${token}` };
  const allowed = (headers: Record<string, unknown>): unknown => headers['access-control-allow-origin'];

  test('lets the page read every header that a client needs', async () => {
    await using at = await world();
    const { headers } = await at.get('/v1/jobs', bearing);
    const exposed = String(headers['access-control-expose-headers']).split(', ');
    expect(exposed).toEqual(
      expect.arrayContaining([
        'accept-ranges',
        'content-disposition',
        'content-range',
        'etag',
        'idempotency-replayed',
        'location',
        'retry-after',
        'x-request-id',
      ]),
    );
  });

  test('of an error can be read too: 400, 401, 403, 404, 413, 422, 429 and 503', async () => {
    await using at = await world();
    const { api, log } = at;
    const job = (await at.post('/v1/jobs', { kind: 'image', input: { prompt: 'a yard' } }, bearing)).json.id as string;
    const answers = [
      await at.post('/v1/jobs', '{', { ...bearing, 'content-type': 'application/json' }),
      await at.get('/v1/jobs', { origin: page }),
      await at.get(`/v1/jobs/${job}?link=x`, { origin: page }),
      await at.post('/v1/pools/default/pause', {}, bearing),
      await at.get('/v1/nowhere', bearing),
      await at.get(`/v1/jobs/${'0'.repeat(26)}`, bearing),
      await at.post('/v1/jobs', {}, bearing),
    ];
    const large = await api.inject({
      method: 'POST',
      url: '/v1/jobs',
      headers: { ...bearing, 'content-type': 'application/json', 'content-length': String(26 * 1024 * 1024) },
      payload: '{}',
    });
    log.away = true;
    answers.push(await at.get(`/v1/jobs/${job}`, bearing));
    log.away = false;
    let busy = await at.get('/v1/workers', bearing);
    for (let count = 0; count < 400 && busy.status === 200; count += 1) busy = await at.get('/v1/workers', bearing);
    answers.push(busy);
    expect(answers.map(({ status, headers }) => [status, allowed(headers)])).toEqual(
      [400, 401, 403, 403, 404, 404, 422, 503, 429].map((status) => [status, page]),
    );
    expect([large.statusCode, allowed(large.headers)]).toEqual([413, page]);
  });

  test('to another origin has no such header, and differs by origin for caches', async () => {
    await using at = await world();
    const { headers } = await at.get('/healthz', { origin: 'https://evil.example.com' });
    expect(allowed(headers)).toBeUndefined();
    expect(headers['vary']).toBe('Origin');
  });
});
