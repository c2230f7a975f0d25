// Every way in which a call can fail, with the resulting code of the catalogue.

import { createServer } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { AttemptFailed } from '../../../src/job/errors/index.ts';
import type { AddressInfo } from 'node:net';
import { aContext, cannedFetch, failure, imageRequest, secretKey, useStandin, testProvider } from './gemini.ts';

const bench = useStandin();

/** The stand-in's marker, the resulting code, whether it is retried, and the provider's details. */
const behaviours = [
  ['429', 'RateLimited', true, { status: 429, code: 'RESOURCE_EXHAUSTED' }],
  ['status 429', 'RateLimited', true, { status: 429, code: 'RESOURCE_EXHAUSTED' }],
  ['429 per-day', 'QuotaExhausted', true, { status: 429, code: 'RESOURCE_EXHAUSTED' }],
  ['status 500', 'ProviderError', true, { status: 500, code: 'INTERNAL' }],
  ['status 502', 'ProviderUnavailable', true, { status: 502 }],
  ['status 503', 'ProviderUnavailable', true, { status: 503, code: 'UNAVAILABLE' }],
  ['status 504', 'ProviderUnavailable', true, { status: 504, code: 'DEADLINE_EXCEEDED' }],
  ['status 400', 'RequestRefused', false, { status: 400, code: 'INVALID_ARGUMENT' }],
  ['status 413', 'RequestRefused', false, { status: 413 }],
  ['bad-key', 'KeyRefused', true, { status: 400, code: 'API_KEY_INVALID' }],
  ['status 401', 'KeyRefused', true, { status: 401, code: 'UNAUTHENTICATED' }],
  ['forbidden', 'PermissionDenied', false, { status: 403, code: 'PERMISSION_DENIED' }],
  ['not-found', 'ModelNotFound', false, { status: 404, code: 'NOT_FOUND' }],
  ['refuse-prompt', 'PromptRefused', false, { status: 200, code: 'SAFETY' }],
  ['refuse-prompt PROHIBITED_CONTENT', 'PromptRefused', false, { status: 200, code: 'PROHIBITED_CONTENT' }],
  ['refuse-prompt OTHER', 'PromptRefused', false, { status: 200, code: 'OTHER' }],
  ['refuse-output', 'OutputRefused', false, { status: 200, code: 'IMAGE_SAFETY' }],
  ['refuse-output SAFETY', 'OutputRefused', false, { status: 200, code: 'SAFETY' }],
  ['refuse-output PROHIBITED_CONTENT', 'OutputRefused', false, { status: 200, code: 'PROHIBITED_CONTENT' }],
  ['refuse-output IMAGE_PROHIBITED_CONTENT', 'OutputRefused', false, { code: 'IMAGE_PROHIBITED_CONTENT' }],
  ['refuse-output IMAGE_RECITATION', 'OutputRefused', false, { code: 'IMAGE_RECITATION' }],
  ['refuse-output IMAGE_OTHER', 'NoOutput', true, { code: 'IMAGE_OTHER' }],
  ['refuse-output RECITATION', 'OutputRefused', false, { code: 'RECITATION' }],
  ['refuse-output BLOCKLIST', 'OutputRefused', false, { code: 'BLOCKLIST' }],
  ['refuse-output SPII', 'OutputRefused', false, { code: 'SPII' }],
  ['refuse-output MAX_TOKENS', 'OutputTruncated', true, { code: 'MAX_TOKENS' }],
  ['refuse-output NEW_IMAGE_SAFETY_RULE', 'OutputRefused', false, { code: 'NEW_IMAGE_SAFETY_RULE' }],
  ['refuse-output NO_IMAGE', 'NoOutput', true, { status: 200, code: 'NO_IMAGE' }],
  ['refuse-output OTHER', 'NoOutput', true, { status: 200, code: 'OTHER' }],
  ['no-image', 'NoOutput', true, { status: 200, code: 'STOP' }],
  ['empty', 'NoOutput', true, { status: 200 }],
  ['continuation', 'ProviderResponseInvalid', true, { status: 200, code: 'CONTINUATION' }],
  ['nonsense', 'ProviderResponseInvalid', true, undefined],
  ['cut-body', 'ProviderUnreachable', true, undefined],
  ['drop', 'ProviderUnreachable', true, undefined],
] as const;

test.each(behaviours)('%s is %s', async (marker, code, retryable, provider) => {
  const before = bench.standin.requests.length;
  const error = await failure(bench.provider.generate(imageRequest({ prompt: `x [standin: ${marker}]` }), aContext()));
  expect(error).toMatchObject({ code, retryable });
  if (provider === undefined) expect(error.provider).toBeUndefined();
  else expect(error.provider).toMatchObject(provider);
  expect(error.message.length).toBeGreaterThan(10);
  expect(JSON.stringify(error)).not.toContain(secretKey);
  // One call is one request: the SDK did not retry.
  expect(bench.standin.requests.length - before).toBe(1);
});

test.each([
  ['429 retry 38s', 'RateLimited', 38_000],
  ['429 retry 250ms', 'RateLimited', 1_000],
  ['429 retry 0s', 'RateLimited', undefined],
  ['429 retry 48h', 'RateLimited', 3_600_000],
  ['429 per-day retry 2m', 'QuotaExhausted', 120_000],
  ['429', 'RateLimited', undefined],
] as const)("%s carries the provider's delay", async (marker, code, retryAfter) => {
  const error = await failure(bench.provider.generate(imageRequest({ prompt: `x [standin: ${marker}]` }), aContext()));
  expect(error.code).toBe(code);
  expect(error.retryAfter).toBe(retryAfter);
});

test('a refused connection is ProviderUnreachable and says why', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  const provider = testProvider({ baseUrl: `http://127.0.0.1:${port}` });
  const error = await failure(provider.generate(imageRequest({ prompt: 'x' }), aContext()));
  expect(error).toMatchObject({ code: 'ProviderUnreachable', retryable: true });
  expect(error.message).toContain('ECONNREFUSED');
});

const invalidKey = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' };

test.each([
  [
    'JSON without its content type',
    400,
    JSON.stringify({ error: { message: 'no', details: [invalidKey] } }),
    'text/plain',
    'KeyRefused',
  ],
  [
    'a list of one error',
    503,
    '[{"error":{"message":"busy","status":"UNAVAILABLE"}}]',
    'application/json',
    'ProviderUnavailable',
  ],
  [
    'a leaked key',
    403,
    '{"error":{"message":"Your API key was reported as leaked."}}',
    'application/json',
    'KeyRefused',
  ],
  [
    'a region without service',
    400,
    '{"error":{"message":"User location","status":"FAILED_PRECONDITION"}}',
    'application/json',
    'KeyRefused',
  ],
  ["a proxy's page", 502, '<html>bad gateway</html>', 'text/html', 'ProviderUnavailable'],
  ['an error without a body', 500, '', 'text/plain', 'ProviderError'],
  ['invalid JSON', 500, '{"error":', 'application/json', 'ProviderError'],
  [
    'an error with status 200',
    200,
    '{"error":{"code":503,"message":"busy"}}',
    'application/json',
    'ProviderUnavailable',
  ],
  ['an answer that is null', 200, 'null', 'application/json', 'ProviderResponseInvalid'],
  ['an answer that is a string', 200, '"hello"', 'application/json', 'ProviderResponseInvalid'],
  ['an answer of another form', 200, '{"candidates":"none"}', 'application/json', 'NoOutput'],
  [
    'parts that are not a list',
    200,
    '{"candidates":[{"content":{"parts":{"text":1}}}]}',
    'application/json',
    'NoOutput',
  ],
  ['a candidate that the SDK cannot convert', 200, '{"candidates":[null]}', 'application/json', 'NoOutput'],
])('%s (%i)', async (_name, status, body, type, code) => {
  const fetch = cannedFetch(body, { status, headers: { 'content-type': type } });
  const error = await failure(testProvider({ fetch }).generate(imageRequest({ prompt: 'x' }), aContext()));
  expect(error.code).toBe(code);
});

test('no part of the error contains a key that the server repeats', async () => {
  const echo = {
    error: { message: `API key not valid: ${secretKey}`, status: 'INVALID_ARGUMENT', details: [invalidKey] },
  };
  const provider = testProvider({ fetch: cannedFetch(echo, { status: 400 }) });
  const error: unknown = await provider
    .generate(imageRequest({ prompt: 'x' }), aContext())
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AttemptFailed);
  const { message, stack, cause, error: data } = error as AttemptFailed;
  expect([message, stack, String(cause), JSON.stringify(data)].join('\n')).not.toContain(secretKey);
  expect(data.code).toBe('KeyRefused');
});
