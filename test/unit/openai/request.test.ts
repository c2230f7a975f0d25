// What the provider sends: parameters of images and texts, forms with whole images, and nothing from the environment.

import { randomBytes } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { schemaModeOf } from '../../../src/adapters/openai/strictSchema.ts';
import { sizeOf } from '../../../src/adapters/openai/size.ts';
import { formOf } from '../../../src/standin/openai/multipart.ts';
import { aContext, aResponse, answering, failure, imageRequest, json, testProvider, textRequest } from './openai.ts';

const image = json({
  data: [
    { b64_json: 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==' },
  ],
});

test.each([
  [{}, undefined],
  [{ aspectRatio: '1:1' }, '1024x1024'],
  [{ imageSize: '1K' }, '1024x1024'],
  [{ aspectRatio: '3:2' }, '1536x1024'],
  [{ aspectRatio: '2:3', imageSize: '1K' }, '1024x1536'],
  [{ aspectRatio: '16:9' }, '1536x864'],
  [{ aspectRatio: '9:16' }, '864x1536'],
  [{ aspectRatio: '16:9', imageSize: '2K' }, '2560x1440'],
  [{ aspectRatio: '1:1', imageSize: '2K' }, '1920x1920'],
  [{ aspectRatio: '21:9', imageSize: '2K' }, '2928x1248'],
])('the size of %j is %s', (shape, size) => {
  expect(sizeOf('gpt-image-2', { prompt: '', ...shape })).toBe(size);
});

test('dall-e has other sizes, and is asked for base64', async () => {
  const fetch = answering(image);
  await testProvider({ fetch }).generate(imageRequest({ aspectRatio: '7:4' }, { model: 'dall-e-3' }), aContext());
  expect(JSON.parse(fetch.sent[0]!.body)).toMatchObject({ size: '1792x1024', response_format: 'b64_json' });
});

test('an image: its prompt, its options and nothing else', async () => {
  const fetch = answering(image);
  const request = imageRequest({ providerOptions: { quality: 'high', output_format: 'jpeg' }, aspectRatio: '3:2' });
  await testProvider({ fetch }).generate(request, aContext());
  expect(fetch.sent[0]!.url).toBe('https://api.openai.com/v1/images/generations');
  expect(JSON.parse(fetch.sent[0]!.body)).toEqual({
    model: 'gpt-image-2.5-flare',
    prompt: 'a garden',
    n: 1,
    size: '1536x1024',
    quality: 'high',
    output_format: 'jpeg',
  });
});

test('an edit: a form with each image as it is, and captions in the prompt', async () => {
  const fetch = answering(image);
  const photos = [randomBytes(200_000), randomBytes(70_001)];
  const references = [
    { mediaType: 'image/jpeg', bytes: photos[0]!, caption: 'the yard' },
    { mediaType: 'image/png', bytes: photos[1]! },
  ];
  await testProvider({ fetch }).generate(imageRequest({ prompt: 'with "plants"\r\n--x' }, { references }), aContext());
  const { url, headers, body } = fetch.sent[0]!;
  expect(url).toBe('https://api.openai.com/v1/images/edits');
  const { fields, files } = formOf(headers.get('content-type') ?? undefined, Buffer.from(body, 'latin1'));
  expect(Object.fromEntries(fields)).toEqual({
    prompt: 'with "plants"\r\n--x\n\nImage 1: the yard',
    model: 'gpt-image-2.5-flare',
    n: '1',
  });
  expect(files.map(({ field, name, type }) => [field, name, type])).toEqual([
    ['image[]', 'image-1.jpeg', 'image/jpeg'],
    ['image[]', 'image-2.png', 'image/png'],
  ]);
  expect(files.map(({ bytes }, at) => bytes.equals(photos[at]!))).toEqual([true, true]);
});

test('a text: system, options, references with their captions; never stored at OpenAI', async () => {
  const fetch = answering(json(aResponse()));
  const bytes = randomBytes(100_000);
  const references = [{ mediaType: 'image/png', bytes, caption: 'the yard' }];
  const input = {
    system: 'Be short.',
    providerOptions: { temperature: 0.5, verbosity: 'low', max_output_tokens: 100, moderation_model: 'omni' },
  };
  await testProvider({ fetch }).generate(textRequest(input, { references }), aContext());
  expect(fetch.sent[0]!.url).toBe('https://api.openai.com/v1/responses');
  expect(JSON.parse(fetch.sent[0]!.body)).toEqual({
    model: 'gpt-5.4',
    instructions: 'Be short.',
    temperature: 0.5,
    max_output_tokens: 100,
    text: { verbosity: 'low' },
    store: false,
    moderation: { model: 'omni' },
    input: [
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'a story' },
          { type: 'input_text', text: 'the yard' },
          { type: 'input_image', detail: 'auto', image_url: `data:image/png;base64,${bytes.toString('base64')}` },
        ],
      },
    ],
  });
});

const closed = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false };

test.each([
  ['a closed object', closed, 'strict'],
  ['closed objects inside', { ...closed, properties: { a: { type: 'array', items: closed } } }, 'strict'],
  ['null as a type', { ...closed, properties: { a: { type: ['string', 'null'] } } }, 'strict'],
  ['definitions', { ...closed, properties: { a: { $ref: '#/$defs/b' } }, $defs: { b: closed } }, 'strict'],
  ['an open object', { ...closed, additionalProperties: true }, 'loose'],
  ['an optional property', { ...closed, required: [] }, 'loose'],
  ['an open object inside', { ...closed, properties: { a: { type: 'object' } } }, 'loose'],
  ['a keyword that it lacks', { ...closed, properties: { a: { type: 'string', minLength: 1 } } }, 'loose'],
  ['a property without a type', { ...closed, properties: { a: {} } }, 'loose'],
  ['a list without items', { ...closed, properties: { a: { type: 'array' } } }, 'loose'],
  ['a list', { type: 'array', items: closed }, 'words'],
  ['a choice', { ...closed, anyOf: [closed] }, 'words'],
  ['anything', {}, 'words'],
] as const)('the schema of %s is sent as %s', (_what, schema, mode) => {
  expect(schemaModeOf(schema as never)).toBe(mode);
});

test.each([
  [{ quality: 'huge' }, /^providerOptions\.quality /],
  [{ size: '64x64' }, /^providerOptions\.size cannot be set/],
  [{ baseURL: 'http://elsewhere' }, /^providerOptions\.baseURL is not allowed/],
])('the options %j are refused before the call', async (providerOptions, message) => {
  const fetch = answering(image);
  const error = await failure(testProvider({ fetch }).generate(imageRequest({ providerOptions }), aContext()));
  expect(error).toMatchObject({ code: 'RequestRefused', message: expect.stringMatching(message) as string });
  expect(fetch.sent).toEqual([]);
});

test('the environment changes neither the address nor the account', async () => {
  for (const name of ['OPENAI_BASE_URL', 'OPENAI_ORG_ID', 'OPENAI_PROJECT_ID', 'OPENAI_ADMIN_KEY', 'OPENAI_API_KEY'])
    vi.stubEnv(name, 'http://elsewhere.invalid');
  try {
    const fetch = answering(image);
    await testProvider({ fetch }).generate(imageRequest(), aContext());
    const { url, headers } = fetch.sent[0]!;
    expect(url).toBe('https://api.openai.com/v1/images/generations');
    expect(headers.get('authorization')).toBe('Bearer sk-test-0123456789abcdef');
    expect([headers.get('openai-organization'), headers.get('openai-project')]).toEqual([null, null]);
  } finally {
    vi.unstubAllEnvs();
  }
});
