// A redirect is never followed: no other host sees a request, and so no key.

import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startStandin, type Standin } from '../../../src/standin/standin.ts';
import { aContext, failure, imageRequest, secretKey, testProvider } from './gemini.ts';

let standin: Standin;
let elsewhere: { url: string; host: string; seen: IncomingMessage[]; close: () => void };

beforeEach(async () => {
  standin = await startStandin();
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    response.end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  elsewhere = { url: `http://${host}/take?token=${secretKey}`, host, seen, close: () => server.close() };
});
afterEach(async () => {
  elsewhere.close();
  await standin.close();
});

test.each([301, 302, 303, 307, 308] as const)('%i to another host', async (status) => {
  standin.behave({ kind: 'redirect', status, location: elsewhere.url });
  const provider = testProvider({ baseUrl: standin.url });
  const error = await failure(provider.generate(imageRequest({ prompt: 'a yard' }), aContext()));
  expect(error).toMatchObject({ code: 'ProviderRedirected', retryable: false, provider: { status } });
  expect(error.message).toBe(`Gemini answered ${status} and redirects to ${elsewhere.host}`);
  expect(error.hint).toContain('GENWARDEN_GEMINI_BASE_URL');
  expect(elsewhere.seen).toEqual([]);
  expect(standin.requests).toHaveLength(1);
});
