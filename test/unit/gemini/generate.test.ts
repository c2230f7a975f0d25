// The request of a call, and its result for a successful answer.

import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import type { JsonObject } from '../../../src/job/task.ts';
import {
  aContext,
  cannedFetch,
  failure,
  imageRequest,
  secretKey,
  textRequest,
  useStandin,
  testProvider,
} from './gemini.ts';

const bench = useStandin();
const photograph = readFileSync(new URL('../../../examples/front-yard.jpg', import.meta.url));

const png = (
  await sharp({ create: { width: 8, height: 6, channels: 3, background: 'green' } })
    .png()
    .toBuffer()
).toString('base64');
const answerWith = (parts: object[], finishReason = 'STOP'): object => ({
  candidates: [{ content: { role: 'model', parts }, finishReason }],
  usageMetadata: { promptTokenCount: 12, candidatesTokenCount: 5, thoughtsTokenCount: 7 },
  modelVersion: 'a-version',
  responseId: 'an-id',
});

test('returns an image of the requested size, with usage and provenance', async () => {
  const input = { prompt: 'a front yard', aspectRatio: '16:9', imageSize: '512', seed: 7 };
  const made = await bench.provider.generate(imageRequest(input), aContext());
  expect(made.images).toHaveLength(1);
  expect(made.images[0]!.mediaType).toBe('image/png');
  expect(await sharp(made.images[0]!.bytes).metadata()).toMatchObject({ format: 'png', width: 688, height: 384 });
  expect(made.usage.outputTokens).toBe(1290);
  expect(made.usage.inputTokens).toBeGreaterThan(0);
  expect(made.provenance).toMatchObject({ modelVersion: 'gemini-3.1-flash-image', finishReason: 'STOP' });
  expect(made.provenance['responseId']).toBeTypeOf('string');
  expect(made.output).toBeNull();
  expect(bench.standin.requests.at(-1)).toMatchObject({ seed: 7, model: 'gemini-3.1-flash-image' });
});

test('sends references in order, each after its caption', async () => {
  const references = [
    { mediaType: 'image/jpeg', bytes: photograph, caption: 'the yard' },
    { mediaType: 'image/jpeg', bytes: photograph },
  ];
  const request = imageRequest({ prompt: 'with native plants [standin: image small]' }, { references });
  const made = await bench.provider.generate(request, aContext());
  expect(made.images).toHaveLength(1);
  expect(bench.standin.requests.at(-1)!.references).toBe(2);

  const fetch = cannedFetch(answerWith([{ inlineData: { mimeType: 'image/png', data: png } }]));
  await testProvider({ fetch }).generate(request, aContext());
  const { parts } = JSON.parse(fetch.bodies[0]!).contents[0] as { parts: Record<string, unknown>[] };
  expect(parts.map((part) => part['text'] ?? Object.keys(part)[0])).toEqual([
    request.input.prompt,
    'the yard',
    'inlineData',
    'inlineData',
  ]);
  expect((parts[2]!['inlineData'] as { data: string }).data).toBe(photograph.toString('base64'));
});

test('returns plain text', async () => {
  const made = await bench.provider.generate(textRequest({ prompt: 'say something', system: 'be brief' }), aContext());
  expect(made.output).toMatch(/stand-in answers/);
  expect(made.images).toEqual([]);
});

const schema = {
  type: 'object',
  properties: { title: { type: 'string' }, count: { type: 'integer' } },
  required: ['title', 'count'],
  additionalProperties: false,
};

test('returns the parsed object for a schema', async () => {
  const made = await bench.provider.generate(textRequest({ prompt: 'a plan', schema }), aContext());
  expect(made.output).toEqual({ title: expect.any(String), count: expect.any(Number) });
});

test.each(['https://json-schema.org/draft/2020-12/schema', 'http://json-schema.org/draft-07/schema#'])(
  'accepts a schema that names its draft: %s',
  async ($schema) => {
    const made = await bench.provider.generate(
      textRequest({ prompt: 'a plan', schema: { $schema, ...schema } }),
      aContext(),
    );
    expect(made.output).toMatchObject({ title: expect.any(String) });
  },
);

test.each(['not JSON', '{"title": 4, "count": 1}', '{"title": "x"}'])(
  'an answer that does not match the schema is OutputInvalid: %s',
  async (text) => {
    const provider = testProvider({ fetch: cannedFetch(answerWith([{ text }])) });
    const error = await failure(provider.generate(textRequest({ prompt: 'a plan', schema }), aContext()));
    expect(error).toMatchObject({ code: 'OutputInvalid', retryable: true });
  },
);

test.each([{ type: 'nonsense' }, { $ref: 'https://example.com/schema.json' }, { $async: true, type: 'object' }])(
  'a schema that cannot be checked is refused before the call: %j',
  async (bad) => {
    const fetch = cannedFetch({});
    const error = await failure(
      testProvider({ fetch }).generate(textRequest({ prompt: 'x', schema: bad }), aContext()),
    );
    expect(error).toMatchObject({ code: 'SchemaUncheckable', retryable: false });
    expect(fetch.bodies).toEqual([]);
  },
);

test("provider options are passed on, and Genwarden's settings override them", async () => {
  const fetch = cannedFetch(answerWith([{ text: 'hello' }]));
  const providerOptions = {
    temperature: 0.5,
    maxOutputTokens: 100,
    safetySettings: [{ category: 'HARM_CATEGORY_HATE_SPEECH', threshold: 'BLOCK_NONE' }],
  };
  await testProvider({ fetch }).generate(textRequest({ prompt: 'x', seed: 3, providerOptions }), aContext());
  const body = JSON.parse(fetch.bodies[0]!);
  expect(body.generationConfig).toEqual({ temperature: 0.5, maxOutputTokens: 100, seed: 3 });
  expect(body.safetySettings).toHaveLength(1);
});

test.each<JsonObject>([
  { httpOptions: { baseUrl: 'http://127.0.0.1:9' } },
  { automaticContinuation: true },
  { seed: 4 },
  { constructor: 'x' },
  { temperature: 'hot' },
  { tools: [1] },
])('a provider option that is not allowed is refused before the call: %j', async (providerOptions) => {
  const fetch = cannedFetch({});
  const call = testProvider({ fetch }).generate(imageRequest({ prompt: 'x', providerOptions }), aContext());
  expect(await failure(call)).toMatchObject({ code: 'RequestRefused' });
  expect(fetch.bodies).toEqual([]);
});

test('all images are returned without thoughts, and the text is kept', async () => {
  const shade = async (background: string): Promise<Buffer> =>
    await sharp({ create: { width: 4, height: 4, channels: 3, background } })
      .png()
      .toBuffer();
  const [draft, one, two] = await Promise.all(['grey', 'red', 'blue'].map(shade));
  const image = (bytes: Buffer): object => ({
    inlineData: { mimeType: 'image/png', data: bytes.toString('base64') },
  });
  const parts = [{ ...image(draft!), thought: true }, { text: 'Here: ' }, image(one!), image(two!)];
  const made = await testProvider({ fetch: cannedFetch(answerWith(parts)) }).generate(
    imageRequest({ prompt: 'x' }),
    aContext(),
  );
  expect(made.images.map(({ bytes }) => Buffer.from(bytes))).toEqual([one, two]);
  expect(made.provenance['text']).toBe('Here:');
  expect(made.usage).toEqual({ inputTokens: 12, outputTokens: 12, images: 2 });
});

const everyField = {
  prompt: 'a yard',
  system: 'be brief',
  seed: 7,
  aspectRatio: '16:9',
  providerOptions: {
    thinkingConfig: { includeThoughts: false },
    maxOutputTokens: 5_000,
    tools: [{ googleSearch: {} }],
  },
};

test('the default version of the API has every field that is sent', async () => {
  await bench.provider.generate(imageRequest(everyField), aContext());
  await bench.provider.generate(textRequest({ ...everyField, schema }), aContext());
  expect(bench.standin.requests.slice(-2).map(({ version }) => version)).toEqual(['v1beta', 'v1beta']);
});

test('a version that lacks a field is refused with a hint that names the setting', async () => {
  const provider = testProvider({ baseUrl: bench.standin.url, apiVersion: 'v1' });
  const error = await failure(provider.generate(imageRequest({ prompt: 'a yard' }), aContext()));
  expect(error).toMatchObject({ code: 'RequestRefused', retryable: false });
  expect(error.message).toContain('Unknown name "responseModalities" at \'generation_config\'');
  expect(error.hint).toMatch(/GENWARDEN_GEMINI_API_VERSION, or apiVersion of the pool, to v1beta/);
});

test.each(['a\u200bkey', 'k\u00e9y', 'a\nkey', ''])(
  'a key that no header can hold is refused before the call: %j',
  async (key) => {
    const fetch = cannedFetch({});
    const call = testProvider({ fetch }).generate(imageRequest({ prompt: 'x' }), { ...aContext(), key });
    expect(await failure(call)).toMatchObject({ code: 'KeyRefused' });
    expect(fetch.bodies).toEqual([]);
  },
);

test('uses the configured API version and key', async () => {
  const seen: { url: string; key: string | null }[] = [];
  const fetch = (async (url: unknown, init?: RequestInit) => {
    seen.push({ url: String(url), key: new Headers(init?.headers).get('x-goog-api-key') });
    return await Promise.resolve(Response.json(answerWith([{ text: 'hello' }])));
  }) as typeof globalThis.fetch;
  const provider = testProvider({ fetch, apiVersion: 'v1beta', baseUrl: 'http://127.0.0.1:9' });
  await provider.generate(textRequest({ prompt: 'x' }), aContext());
  await provider.generate(textRequest({ prompt: 'x' }), { ...aContext(), key: 'another' });
  const url = 'http://127.0.0.1:9/v1beta/models/gemini-3.1-flash:generateContent';
  expect(seen).toEqual([
    { url, key: secretKey },
    { url, key: 'another' },
  ]);
});
