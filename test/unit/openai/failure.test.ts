// What OpenAI's errors mean: the code, whether a retry makes sense, and how long to wait.

import { expect, test } from 'vitest';
import {
  aContext,
  aResponse,
  answering,
  failed,
  failure,
  imageRequest,
  json,
  testProvider,
  textRequest,
} from './openai.ts';

interface Answer {
  readonly status: number;
  readonly error: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

const quota = 'You exceeded your current quota, please check your plan and billing details.';
const rpm =
  'Rate limit reached for gpt-image-2 in organization org-1 on requests per min (RPM): Limit 5, Used 5, Requested 1.';

const rows: readonly [string, Answer, object][] = [
  [
    'a wrong key',
    { status: 401, error: { code: 'invalid_api_key', message: 'Incorrect API key provided: sk-a**z.' } },
    { code: 'KeyRefused', retryable: true },
  ],
  [
    'a deactivated account',
    { status: 403, error: { code: 'account_deactivated', message: 'x' } },
    { code: 'KeyRefused' },
  ],
  [
    'a country that is not served',
    {
      status: 403,
      error: { code: 'unsupported_country_region_territory', message: 'Country, region, or territory not supported' },
    },
    { code: 'KeyRefused' },
  ],
  [
    'a key without the scope',
    {
      status: 403,
      error: { message: 'You have insufficient permissions for this operation. Missing scopes: model.request.' },
    },
    { code: 'KeyRefused' },
  ],
  [
    'a project without the model',
    { status: 403, error: { code: 'model_not_found', message: 'Project `p` does not have access to model `m`' } },
    { code: 'PermissionDenied', retryable: false },
  ],
  [
    'an unverified organization',
    { status: 403, error: { message: 'Your organization must be verified to use the model `gpt-image-2`.' } },
    { code: 'PermissionDenied', hint: expect.stringMatching(/^Verify the key's organization/) },
  ],
  [
    'an unknown model',
    { status: 404, error: { code: 'model_not_found', message: 'The model `m` does not exist' } },
    { code: 'ModelNotFound', retryable: false },
  ],
  [
    'an unknown model with 400',
    { status: 400, error: { code: null, message: 'The requested model `gpt-image-1` has been deprecated.' } },
    { code: 'ModelNotFound' },
  ],
  [
    'a wrong address',
    { status: 404, error: { message: 'Invalid URL (POST /images/generations)' } },
    { code: 'RequestRefused', hint: expect.stringMatching(/GENWARDEN_OPENAI_BASE_URL.*\/v1/) },
  ],
  [
    'no credit',
    { status: 429, error: { type: 'insufficient_quota', code: 'insufficient_quota', message: quota } },
    {
      code: 'QuotaExhausted',
      hint: expect.stringMatching(/^Top up/),
      provider: { status: 429, code: 'insufficient_quota' },
    },
  ],
  [
    'no credit, named by its type only',
    { status: 429, error: { type: 'insufficient_quota', code: null, message: quota } },
    { code: 'QuotaExhausted' },
  ],
  [
    'a limit of spending',
    { status: 400, error: { code: 'billing_hard_limit_reached', message: 'Billing hard limit has been reached' } },
    { code: 'QuotaExhausted' },
  ],
  [
    'an account without billing',
    { status: 429, error: { code: 'billing_not_active', message: 'x' } },
    { code: 'QuotaUnavailable', retryable: false },
  ],
  [
    'a limit per minute',
    {
      status: 429,
      error: { type: 'requests', code: 'rate_limit_exceeded', message: `${rpm} Please try again in 6.2s.` },
    },
    { code: 'RateLimited', retryAfter: 6_200 },
  ],
  [
    'a limit with a delay in ms',
    { status: 429, error: { code: 'rate_limit_exceeded', message: `${rpm} Please try again in 1500ms.` } },
    { code: 'RateLimited', retryAfter: 1_500 },
  ],
  [
    'Retry-After',
    { status: 429, error: { message: rpm }, headers: { 'retry-after': '7' } },
    { code: 'RateLimited', retryAfter: 7_000 },
  ],
  [
    'retry-after-ms',
    { status: 429, error: { message: rpm }, headers: { 'retry-after-ms': '2500' } },
    { code: 'RateLimited', retryAfter: 2_500 },
  ],
  [
    'the reset of the limit that is used up',
    {
      status: 429,
      error: { message: rpm },
      headers: {
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-reset-requests': '1m12s',
        'x-ratelimit-remaining-tokens': '99',
        'x-ratelimit-reset-tokens': '6h0m0s',
      },
    },
    { code: 'RateLimited', retryAfter: 72_000 },
  ],
  ['no delay at all', { status: 429, error: { message: rpm } }, { code: 'RateLimited' }],
  [
    'an absurd delay',
    { status: 429, error: { message: rpm }, headers: { 'retry-after': '99999999999' } },
    { retryAfter: 3_600_000 },
  ],
  [
    'a limit per day',
    { status: 429, error: { message: 'Rate limit reached for m on requests per day (RPD): Limit 200, Used 200.' } },
    { code: 'QuotaExhausted' },
  ],
  [
    'a limit of zero',
    { status: 429, error: { message: 'Rate limit reached for m on images per minute: Limit 0, Used 0.' } },
    { code: 'QuotaUnavailable' },
  ],
  [
    'a request above the limit',
    { status: 429, error: { message: 'Request too large for m on tokens per min (TPM): Limit 100, Requested 120.' } },
    { code: 'RequestRefused', retryable: false },
  ],
  [
    'an overloaded engine',
    { status: 429, error: { message: 'The engine is currently overloaded, please try again later' } },
    { code: 'ProviderUnavailable' },
  ],
  ['slow_down', { status: 503, error: { code: 'slow_down', message: 'x' } }, { code: 'ProviderUnavailable' }],
  [
    'moderation',
    {
      status: 400,
      error: {
        type: 'image_generation_user_error',
        code: 'moderation_blocked',
        message: 'Your request was rejected by the safety system.',
      },
    },
    { code: 'PromptRefused', retryable: false, provider: { status: 400, code: 'moderation_blocked' } },
  ],
  [
    'a content policy',
    { status: 400, error: { code: 'content_policy_violation', message: 'x' } },
    { code: 'PromptRefused' },
  ],
  ['an invalid prompt', { status: 400, error: { code: 'invalid_prompt', message: 'x' } }, { code: 'PromptRefused' }],
  [
    'a parameter at fault',
    { status: 400, error: { param: 'quality', code: 'invalid_value', message: 'Invalid value.' } },
    {
      code: 'RequestRefused',
      message: 'OpenAI answered 400: Invalid value. (quality)',
      hint: expect.stringMatching(/^Check quality/),
    },
  ],
  ['a conflict', { status: 409, error: { message: 'x' } }, { code: 'ProviderError', retryable: true }],
  ['an internal error', { status: 500, error: { message: 'The server had an error' } }, { code: 'ProviderError' }],
  ['a cloud in front', { status: 522, error: {} }, { code: 'ProviderUnavailable' }],
];

test.each(rows)('%s', async (_what, { status, error, headers = {} }, expected) => {
  const fetch = answering(json({ error }, { status, headers: { ...headers } }));
  expect(await failure(testProvider({ fetch }).generate(imageRequest(), aContext()))).toMatchObject(expected);
  expect(fetch.sent).toHaveLength(1);
});

const bodies: readonly [string, string, object][] = [
  [
    'an HTML page',
    '<html><h1>Bad Gateway</h1></html>',
    { code: 'ProviderUnavailable', message: 'OpenAI answered 502: an HTML page' },
  ],
  ['nothing', '', { code: 'ProviderUnavailable', message: 'OpenAI answered 502' }],
  ['a text', 'upstream connect error', { message: 'OpenAI answered 502: upstream connect error' }],
  ['an error that is a text', '{"error":"bad gateway"}', { message: 'OpenAI answered 502: bad gateway' }],
  ['an error at the top', '{"message":"no route","code":502}', { message: 'OpenAI answered 502: no route' }],
];

test.each(bodies)('%s as the body of an error', async (_what, body, expected) => {
  const fetch = answering(() => new Response(body, { status: 502 }));
  expect(await failure(testProvider({ fetch }).generate(textRequest(), aContext()))).toMatchObject(expected);
});

const failedResponses: readonly [string, object, object][] = [
  ['server_error', { code: 'server_error', message: 'x' }, { code: 'ProviderError', retryable: true }],
  [
    'rate_limit_exceeded',
    { code: 'rate_limit_exceeded', message: 'Please try again in 3s' },
    { code: 'RateLimited', retryAfter: 3_000 },
  ],
  ['a policy', { code: 'image_content_policy_violation', message: 'x' }, { code: 'PromptRefused' }],
  [
    'an image that cannot be read',
    { code: 'invalid_base64_image', message: 'x' },
    { code: 'RequestRefused', retryable: false },
  ],
  ['an error without a name', { message: 'x' }, { code: 'ProviderError' }],
];

test.each(failedResponses)('a failed response: %s, which is paid for', async (_what, error, expected) => {
  const fetch = answering(json(aResponse({ status: 'failed', error, output: [] })));
  const thrown = await failed(testProvider({ fetch }).generate(textRequest(), aContext()));
  expect(thrown.error).toMatchObject(expected);
  expect(thrown.usage).toEqual({ inputTokens: 7, outputTokens: 11, images: 0 });
});

test('an error with status 200, as gateways send it', async () => {
  const fetch = answering(json({ error: { code: 'insufficient_quota', message: quota } }));
  expect(await failure(testProvider({ fetch }).generate(imageRequest(), aContext()))).toMatchObject({
    code: 'QuotaExhausted',
  });
});
