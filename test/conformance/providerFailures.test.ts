// The contract of every provider of models: each way to fail has the same code, whether it is retryable, and how long to wait.

import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { Behaviour } from '../../src/standin/standin.ts';
import { fakeSchemaChecker } from '../fakes/schemaChecker.ts';
import { contextOf, failureBy, failureOf, forEachProvider, secretKey } from './providers.ts';

type Row = [what: string, behaviour: Behaviour, code: string, retryable: boolean, retryAfter?: number];

const rows: readonly Row[] = [
  ['a key that is wrong', { kind: 'bad-key' }, 'KeyRefused', true],
  ['a key that may not use the model', { kind: 'forbidden' }, 'PermissionDenied', false],
  ['a model that does not exist', { kind: 'not-found' }, 'ModelNotFound', false],
  ['a limit per minute, with a delay', { kind: 'rate-limited', retryMs: 6_200 }, 'RateLimited', true, 6_200],
  ['a limit per minute, without one', { kind: 'rate-limited' }, 'RateLimited', true],
  ['a limit per day', { kind: 'rate-limited', quota: 'day' }, 'QuotaExhausted', true],
  ['an invalid request', { kind: 'status', status: 400 }, 'RequestRefused', false],
  ['a conflict', { kind: 'status', status: 409 }, 'ProviderError', true],
  ['an internal error', { kind: 'status', status: 500 }, 'ProviderError', true],
  ['a bad gateway', { kind: 'status', status: 502 }, 'ProviderUnavailable', true],
  ['an overloaded service', { kind: 'status', status: 503 }, 'ProviderUnavailable', true],
  ['a timeout of the gateway', { kind: 'status', status: 504 }, 'ProviderUnavailable', true],
  ['a refused prompt', { kind: 'refuse-prompt' }, 'PromptRefused', false],
  ['an answer without output', { kind: 'empty' }, 'NoOutput', true],
  ['an answer without an image', { kind: 'no-image' }, 'NoOutput', true],
  ['an HTML page instead of an answer', { kind: 'nonsense' }, 'ProviderResponseInvalid', true],
  [
    'an HTML page of a proxy that asks for a login',
    { kind: 'raw', status: 407, body: '<html>' },
    'ProviderUnreachable',
    true,
  ],
  ['an HTML page of a proxy that is down', { kind: 'raw', status: 502, body: '<html>' }, 'ProviderUnavailable', true],
  ['JSON of another interface', { kind: 'raw', body: { hello: 1 } }, '', true],
  ['a body that is cut', { kind: 'cut-body' }, 'ProviderUnreachable', true],
  ['a connection that is cut', { kind: 'drop' }, 'ProviderUnreachable', true],
  ['a redirect to another host', { kind: 'redirect' }, 'ProviderRedirected', false],
];

forEachProvider((bench) => {
  test.each(rows)('%s', async (_what, behaviour, code, retryable, retryAfter) => {
    const error = await failureBy(bench, bench.image({}), behaviour);
    if (code !== '') expect(error.code).toBe(code);
    expect(error).toMatchObject({ retryable });
    expect(error.retryAfter).toBe(retryAfter);
    expect(error.message).not.toBe('');
    expect(error.hint).not.toBe('');
  });

  test.each(rows.filter(([what]) => !what.includes('image')))('%s, for a text', async (...row) => {
    const [, behaviour, code, retryable, retryAfter] = row;
    const error = await failureBy(bench, bench.text({}), behaviour);
    if (code !== '') expect(error.code).toBe(code);
    expect(error).toMatchObject({ retryable });
    expect(error.retryAfter).toBe(retryAfter);
  });

  test('credit that is used up is a quota', async () => {
    const error = await failureBy(bench, bench.image({}), { kind: 'rate-limited', quota: 'credit' });
    expect(['QuotaExhausted', 'QuotaUnavailable']).toContain(error.code);
  });

  test('a refused output has a code of refusals', async () => {
    for (const request of [bench.image({}), bench.text({})]) {
      const error = await failureBy(bench, request, { kind: 'refuse-output' });
      expect(['OutputRefused', 'PromptRefused']).toContain(error.code);
      expect(error.retryable).toBe(false);
    }
  });

  test('nothing listens at the address', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, 'close');
    const provider = bench.open({ baseUrl: `http://127.0.0.1:${port}/v1`, schemas: fakeSchemaChecker() });
    const { error, usage } = await failureOf(provider.generate(bench.image({}), contextOf()));
    expect(error).toMatchObject({ code: 'ProviderUnreachable', retryable: true });
    expect(error.message).toContain(bench.title);
    expect(error.message).toContain('ECONNREFUSED');
    expect(usage).toBeUndefined();
  });

  test('image data that is no image', async () => {
    const body = bench.imageBody(Buffer.from('not an image, whatever its label says').toString('base64'));
    const error = await failureBy(bench, bench.image({}), { kind: 'raw', body });
    expect(error).toMatchObject({ code: 'ProviderResponseInvalid', retryable: true });
  });

  test('a huge answer ends the call, and is not read to its end', async () => {
    const size = 90 * 1_048_576;
    let sent = 0;
    const huge = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const piece = Buffer.alloc(1_048_576, 'A');
      const more = (): void => {
        while (sent < size && !response.destroyed) {
          sent += piece.length;
          if (!response.write(piece)) return void response.once('drain', more);
        }
        response.end();
      };
      more();
    }).listen(0, '127.0.0.1');
    await once(huge, 'listening');
    const { port } = huge.address() as AddressInfo;
    const provider = bench.open({ baseUrl: `http://127.0.0.1:${port}/v1`, schemas: fakeSchemaChecker() });
    const { error } = await failureOf(provider.generate(bench.image({}), contextOf()));
    huge.closeAllConnections();
    huge.close();
    expect(error).toMatchObject({ code: 'ProviderResponseInvalid', retryable: true });
    expect(error.message).toContain('MiB');
    expect(sent).toBeLessThan(size);
  });

  describe('the key', () => {
    const echo = (): string => `key ${secretKey}, ${encodeURIComponent(secretKey)}, ${secretKey.slice(0, 14)}…`;

    test.each([400, 401, 403, 404, 429, 500, 503])('is in no error, though the answer %i quotes it', async (status) => {
      const body = { error: { message: echo(), code: status, status: 'FAILED' } };
      const error = await failureBy(bench, bench.image({}), { kind: 'raw', status, body });
      const text = JSON.stringify(error);
      expect(text).not.toContain(secretKey);
      expect(text).not.toContain(secretKey.slice(0, 14));
    });

    test('does not follow a redirect', async () => {
      const keys: unknown[] = [];
      const other = createServer((request, response) => {
        keys.push(request.headers.authorization ?? request.headers['x-goog-api-key']);
        response.end('{}');
      }).listen(0, '127.0.0.1');
      await once(other, 'listening');
      const location = `http://127.0.0.1:${(other.address() as AddressInfo).port}/${randomBytes(4).toString('hex')}`;
      const error = await failureBy(bench, bench.image({}), { kind: 'redirect', status: 307, location });
      other.closeAllConnections();
      other.close();
      expect(error.code).toBe('ProviderRedirected');
      expect(keys).toEqual([]);
    });
  });
});
