// The stand-in's OpenAI interface, with the real SDK: what it answers, and what it refuses in OpenAI's words.

import OpenAI, { APIError, toFile } from 'openai';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keyFingerprint, startStandin, type Standin } from '../../../src/standin/standin.ts';

let standin: Standin;
beforeAll(async () => void (standin = await startStandin({ keys: ['key-a', 'key-b'] })));
afterAll(() => standin.close());

const sdk = (apiKey = 'key-a'): OpenAI =>
  new OpenAI({ apiKey, baseURL: `${standin.url}/v1`, maxRetries: 0, logLevel: 'off' });

interface Problem {
  status: number;
  code: unknown;
  param: unknown;
  message: string;
}

async function problemOf(call: Promise<unknown>): Promise<Problem> {
  const error: unknown = await call.then(
    () => new Error('it was accepted'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof APIError)) throw error;
  const { message } = error.error as { message: string };
  return { status: error.status as number, code: error.code, param: error.param, message };
}

const post = async (path: string, body: unknown, key = 'key-a'): Promise<{ status: number; error: Problem }> => {
  const response = await fetch(`${standin.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { error } = (await response.json()) as { error: Problem };
  return { status: response.status, error };
};

test('draws an image of the size, with usage', async () => {
  const answer = await sdk().images.generate({ model: 'gpt-image-1.5', prompt: 'a garden', size: '1536x1024' });
  const bytes = Buffer.from(answer.data![0]!.b64_json!, 'base64');
  expect(await sharp(bytes).metadata()).toMatchObject({ format: 'png', width: 1_536, height: 1_024 });
  expect(answer.usage!.total_tokens).toBe(answer.usage!.input_tokens + answer.usage!.output_tokens);
});

test('edits images of a form, and logs the request by its key', async () => {
  const photo = await sharp({ create: { width: 90, height: 60, channels: 3, background: '#583' } })
    .jpeg()
    .toBuffer();
  const image = await Promise.all([1, 2].map((at) => toFile(photo, `${at}.jpeg`, { type: 'image/jpeg' })));
  const answer = await sdk('key-b').images.edit({ model: 'gpt-image-1.5', prompt: 'with plants', image });
  expect(answer.data).toHaveLength(1);
  expect(standin.requests.at(-1)).toMatchObject({
    prompt: 'with plants',
    references: 2,
    keyFingerprint: keyFingerprint('key-b'),
    version: 'v1',
  });
});

test('an old model answers with the address of an image', async () => {
  const answer = await sdk().images.generate({ model: 'dall-e-3', prompt: 'a garden' });
  const response = await fetch(answer.data![0]!.url!);
  expect(response.headers.get('content-type')).toBe('image/png');
});

test('streams a text: the pieces are the whole', async () => {
  const stream = await sdk().responses.create({ model: 'gpt-5.4', input: 'a story', stream: true });
  const pieces: string[] = [];
  let whole = '';
  for await (const event of stream) {
    if (event.type === 'response.output_text.delta') pieces.push(event.delta);
    if (event.type === 'response.completed') whole = JSON.stringify(event.response.output);
  }
  expect(pieces.length).toBeGreaterThan(1);
  expect(whole).toContain(pieces.join(''));
});

test('rates a text if the request asks for it', async () => {
  const rated = async (input: string): Promise<unknown> => {
    const { moderation } = await sdk().responses.create({ model: 'gpt-5.4', input, moderation: { model: 'omni' } });
    return moderation;
  };
  expect(await rated('fine')).toMatchObject({ output: { flagged: false } });
  expect(await rated('bad [standin: flag]')).toMatchObject({
    output: { flagged: true, categories: { violence: true } },
  });
  expect((await sdk().responses.create({ model: 'gpt-5.4', input: 'x' })).moderation).toBeNull();
});

test('lists its models for a known key only', async () => {
  expect((await sdk().models.list()).data.map(({ id }) => id)).toContain('gpt-image-1.5');
  expect(await problemOf(sdk('wrong-key-0123456789').models.list())).toMatchObject({
    status: 401,
    code: 'invalid_api_key',
  });
  expect((await problemOf(sdk().models.retrieve('gpt-0'))).status).toBe(404);
});

const closed = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false };
const asked = (schema: object, strict = true): object => ({
  model: 'gpt-5.4',
  input: 'x',
  text: { format: { type: 'json_schema', name: 'answer', schema, strict } },
});
const picture = { model: 'gpt-image-1.5', prompt: 'x' };
const schemaPlace = 'text.format.schema';

const refusals: readonly [string, string, object, string, RegExp][] = [
  [
    'a parameter that it lacks',
    '/v1/images/generations',
    { ...picture, seed: 7 },
    'seed',
    /^Unknown parameter: 'seed'\.$/,
  ],
  [
    'no prompt',
    '/v1/images/generations',
    { model: 'gpt-image-1.5' },
    'prompt',
    /^Missing required parameter: 'prompt'\.$/,
  ],
  [
    'a size of another model',
    '/v1/images/generations',
    { ...picture, size: '1792x1024' },
    'size',
    /^Invalid value: '1792x1024'\. Supported values are: '1024x1024'/,
  ],
  [
    'a size that is no multiple of 16',
    '/v1/images/generations',
    { ...picture, model: 'gpt-image-2', size: '1000x1000' },
    'size',
    /^Invalid size/,
  ],
  [
    'a size that is too narrow',
    '/v1/images/generations',
    { ...picture, model: 'gpt-image-2', size: '1600x160' },
    'size',
    /^Invalid size/,
  ],
  [
    'a response format',
    '/v1/images/generations',
    { ...picture, response_format: 'b64_json' },
    'response_format',
    /^Unknown parameter/,
  ],
  ['too many images', '/v1/images/generations', { ...picture, n: 11 }, 'n', /^Invalid value for 'n'/],
  [
    'an unknown quality',
    '/v1/images/generations',
    { ...picture, quality: 'best' },
    'quality',
    /^Invalid value for 'quality'/,
  ],
  [
    'a parameter that texts lack',
    '/v1/responses',
    { model: 'gpt-5.4', input: 'x', seed: 7 },
    'seed',
    /^Unknown parameter: 'seed'\.$/,
  ],
  [
    'too few tokens',
    '/v1/responses',
    { model: 'gpt-5.4', input: 'x', max_output_tokens: 1 },
    'max_output_tokens',
    /^Invalid value/,
  ],
  [
    'an image by an address',
    '/v1/responses',
    { model: 'gpt-5.4', input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'http://x/y.png' }] }] },
    'input',
    /^Invalid input image/,
  ],
  [
    'a list as schema',
    '/v1/responses',
    asked({ type: 'array' }, false),
    schemaPlace,
    /must be a JSON Schema of 'type: "object"', got 'type: "array"'/,
  ],
  [
    'an open object',
    '/v1/responses',
    asked({ ...closed, additionalProperties: true }),
    schemaPlace,
    /In context=\(\), 'additionalProperties' is required to be supplied and to be false/,
  ],
  ['an optional property', '/v1/responses', asked({ ...closed, required: [] }), schemaPlace, /Missing 'a'/],
  [
    'a keyword that it lacks',
    '/v1/responses',
    asked({ ...closed, properties: { a: { type: 'string', minLength: 2 } } }),
    schemaPlace,
    /In context=\('properties', 'a'\), 'minLength' is not permitted/,
  ],
  [
    'an open object inside',
    '/v1/responses',
    asked({ ...closed, properties: { a: { type: 'object', properties: {} } } }),
    schemaPlace,
    /context=\('properties', 'a'\)/,
  ],
];

test.each(refusals)('refuses %s', async (_what, path, body, param, message) => {
  const { status, error } = await post(path, body);
  expect([status, error.param]).toEqual([400, param]);
  expect(error.message).toMatch(message);
});

test('the same schema is accepted if it is not strict', async () => {
  expect((await post('/v1/responses', asked({ ...closed, additionalProperties: true }, false))).status).toBe(200);
});

test.each([
  ['no key', '', 401],
  ['a wrong key', 'wrong-key-0123456789', 401],
])('refuses %s', async (_what, key, status) => {
  expect((await post('/v1/responses', { model: 'gpt-5.4', input: 'x' }, key)).status).toBe(status);
});

test.each([
  ['no form', 'application/json', '{}'],
  [
    'a form that is cut',
    'multipart/form-data; boundary=b',
    '--b\r\nContent-Disposition: form-data; name="prompt"\r\n\r\nx',
  ],
  [
    'a file of another field',
    'multipart/form-data; boundary=b',
    '--b\r\nContent-Disposition: form-data; name="photo"; filename="a.png"\r\nContent-Type: image/png\r\n\r\nx\r\n--b--\r\n',
  ],
  [
    'a file of another type',
    'multipart/form-data; boundary=b',
    '--b\r\nContent-Disposition: form-data; name="image"; filename="a.svg"\r\nContent-Type: image/svg+xml\r\n\r\nx\r\n--b--\r\n',
  ],
])('refuses %s as an edit', async (_what, contentType, body) => {
  const headers = { authorization: 'Bearer key-a', 'content-type': contentType };
  const response = await fetch(`${standin.url}/v1/images/edits`, { method: 'POST', headers, body });
  expect(response.status).toBe(400);
});

test.each([
  ['429 retry 2s', 429, 'rate_limit_exceeded'],
  ['429 no-credit', 429, 'insufficient_quota'],
  ['refuse-prompt', 400, 'moderation_blocked'],
  ['bad-key', 401, 'invalid_api_key'],
  ['forbidden', 403, 'model_not_found'],
  ['not-found', 404, 'model_not_found'],
  ['status 503', 503, null],
])('the marker %s answers as OpenAI does', async (marker, status, code) => {
  const { status: found, error } = await post('/v1/images/generations', {
    ...picture,
    prompt: `x [standin: ${marker}]`,
  });
  expect([found, error.code]).toEqual([status, code]);
});

test('an address that OpenAI lacks', async () => {
  expect((await post('/v1/chat/completions', {})).error.message).toBe('Invalid URL (POST /v1/chat/completions)');
});
