// What the provider makes of OpenAI's answers: texts, documents, refusals, streams, and images by base64 and by address.

import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  aContext,
  aResponse,
  answering,
  events,
  failed,
  failure,
  imageRequest,
  json,
  testProvider,
  textRequest,
} from './openai.ts';

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const message = (content: object[]): object => ({
  output: [
    { type: 'reasoning', summary: [] },
    { type: 'message', content },
  ],
});

test('a text with its usage and where it comes from; reasoning is no text', async () => {
  const fetch = answering(
    json(
      aResponse(
        message([
          { type: 'output_text', text: 'one ' },
          { type: 'output_text', text: 'two' },
        ]),
      ),
    ),
  );
  expect(await testProvider({ fetch }).generate(textRequest(), aContext())).toEqual({
    images: [],
    output: 'one two',
    usage: { inputTokens: 7, outputTokens: 11, images: 0 },
    provenance: { responseId: 'resp_1', modelVersion: 'gpt-5.4-2026-03-01', finishReason: 'completed' },
  });
});

const ends: readonly [string, object, object][] = [
  [
    'a refusal',
    message([{ type: 'refusal', refusal: 'I cannot help with that.' }]),
    {
      code: 'OutputRefused',
      message: 'The provider withheld the output (refusal). The model wrote: "I cannot help with that."',
      provider: { status: 200, code: 'refusal' },
    },
  ],
  [
    'a filter',
    { status: 'incomplete', incomplete_details: { reason: 'content_filter' } },
    { code: 'OutputRefused', provider: { status: 200, code: 'content_filter' } },
  ],
  [
    'the limit of the model',
    { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
    { code: 'OutputTruncated', retryable: true },
  ],
  [
    'another reason',
    { status: 'incomplete', incomplete_details: { reason: 'max_messages' } },
    { code: 'ProviderResponseInvalid', retryable: true },
  ],
  ['no output', { output: [] }, { code: 'NoOutput', retryable: true }],
];

test.each(ends)('a text that ends by %s', async (_what, over, expected) => {
  const fetch = answering(json(aResponse(over)));
  const thrown = await failed(testProvider({ fetch }).generate(textRequest(), aContext()));
  expect(thrown.error).toMatchObject(expected);
  expect(thrown.usage).toMatchObject({ outputTokens: 11 });
});

test("the job's own limit makes no second attempt", async () => {
  const fetch = answering(
    json(aResponse({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } })),
  );
  const request = textRequest({ providerOptions: { max_output_tokens: 16 } });
  expect(await failure(testProvider({ fetch }).generate(request, aContext()))).toMatchObject({
    code: 'OutputTruncated',
    retryable: false,
    message: 'The answer was cut off at providerOptions.max_output_tokens, 16',
  });
});

test('moderation of the response becomes flags', async () => {
  const moderation = {
    input: { flagged: false, categories: {} },
    output: { flagged: true, categories: { violence: true, hate: false } },
  };
  const fetch = answering(json(aResponse({ moderation })));
  const { flags } = await testProvider({ fetch }).generate(textRequest(), aContext());
  expect(flags).toEqual(["OpenAI's moderation flags the answer: violence"]);
});

test('an answer that does not match its schema is shown to the model once', async () => {
  const answer = (text: string) => json(aResponse(message([{ type: 'output_text', text }])));
  const fetch = answering(answer('{"a":"x"}'), answer('{"a":1}'));
  const schema = {
    type: 'object',
    properties: { a: { type: 'number' } },
    required: ['a'],
    additionalProperties: false,
  };
  const anotherCall = (): Promise<boolean> => Promise.resolve(true);
  const made = await testProvider({ fetch }).generate(textRequest({ schema }), aContext({ anotherCall }));
  expect(made).toMatchObject({ output: { a: 1 }, calls: 2, usage: { inputTokens: 14, outputTokens: 22 } });
  const second = JSON.parse(fetch.sent[1]!.body) as { input: unknown[] };
  expect(second.input.slice(1)).toEqual([
    { role: 'assistant', content: '{"a":"x"}' },
    { role: 'user', content: expect.stringMatching(/^Your answer cannot be used: .*\/a must be number/) as string },
  ]);
});

describe('a stream', () => {
  const delta = (text: string): object => ({ type: 'response.output_text.delta', delta: text });

  test('ends with the whole answer', async () => {
    const response = aResponse(message([{ type: 'output_text', text: 'ab' }]));
    const fetch = answering(
      events(
        { type: 'response.created', response: {} },
        delta('a'),
        delta(''),
        delta('b'),
        { type: 'response.completed', response },
        '[DONE]',
      ),
    );
    const pieces: string[] = [];
    const made = await testProvider({ fetch }).generate(
      textRequest(),
      aContext({ onText: (piece) => void pieces.push(piece) }),
    );
    expect([pieces, made.output]).toEqual([['a', 'b'], 'ab']);
    expect(JSON.parse(fetch.sent[0]!.body)).toMatchObject({ stream: true });
  });

  const broken: readonly [string, () => Response, object][] = [
    [
      'ends without the end of its answer',
      events(delta('a')),
      {
        code: 'ProviderResponseInvalid',
        retryable: true,
        message: "Cannot read OpenAI's answer: the stream ended before the answer did",
      },
    ],
    [
      'fails in the middle',
      events(delta('a'), {
        type: 'response.failed',
        response: aResponse({ status: 'failed', error: { code: 'server_error', message: 'gone' } }),
      }),
      { code: 'ProviderError' },
    ],
    [
      'has an error event',
      events({ type: 'error', code: 'rate_limit_exceeded', message: 'Please try again in 4s' }),
      { code: 'RateLimited', retryAfter: 4_000 },
    ],
    [
      'is incomplete',
      events({
        type: 'response.incomplete',
        response: aResponse({ status: 'incomplete', incomplete_details: { reason: 'content_filter' } }),
      }),
      { code: 'OutputRefused' },
    ],
    ['holds no JSON', events('<html>'), { code: 'ProviderResponseInvalid' }],
    ['is an answer without a stream', json(aResponse({ output: [] })), { code: 'NoOutput' }],
  ];

  test.each(broken)('that %s', async (_what, answer, expected) => {
    const call = testProvider({ fetch: answering(answer) }).generate(
      textRequest(),
      aContext({ onText: () => undefined }),
    );
    expect(await failure(call)).toMatchObject(expected);
  });
});

describe('an image by its address', () => {
  const serve = async (listener: RequestListener): Promise<string> => {
    const server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.closeAllConnections());
    onTestFinished(() => void server.close());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  /** OpenAI and the server of the images are one here. */
  const openAI = async (url: (host: string) => string, image: RequestListener): Promise<string> => {
    const host: string = await serve((request, response) => {
      if (request.url?.startsWith('/picture') === true) return image(request, response);
      response.setHeader('content-type', 'application/json');
      return void response.end(
        JSON.stringify({ data: [{ url: url(host) }], usage: { input_tokens: 3, output_tokens: 5 } }),
      );
    });
    return host;
  };

  test('is fetched without the key', async () => {
    const authorizations: unknown[] = [];
    const baseUrl = await openAI(
      (host) => `${host}/picture?sig=secret`,
      (request, response) => {
        authorizations.push(request.headers.authorization);
        response.end(png);
      },
    );
    const { images, usage, release } = await testProvider({ baseUrl }).generate(imageRequest(), aContext());
    expect(images).toEqual([{ mediaType: 'image/png', bytes: expect.anything() as Buffer }]);
    expect(Buffer.from(images[0]!.bytes).equals(png)).toBe(true);
    expect(usage).toEqual({ inputTokens: 3, outputTokens: 5, images: 1 });
    expect(authorizations).toEqual([undefined]);
    release?.();
    expect(images[0]!.bytes.length).toBe(0);
  });

  const problems: readonly [string, (host: string) => string, RequestListener, RegExp][] = [
    ['a file', () => 'file:///etc/passwd', (_, response) => response.end(png), /not an http or https URL$/],
    ['no address', () => 'somewhere', (_, response) => response.end(png), /not an http or https URL$/],
    [
      'an address that expired',
      (host) => `${host}/picture?sig=secret`,
      (_, response) => void response.writeHead(403).end(),
      /^Cannot fetch the image from 127\.0\.0\.1:\d+: it answered 403$/,
    ],
    [
      'a redirect',
      (host) => `${host}/picture`,
      (_, response) => void response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
      /it answered 302$/,
    ],
    ['a cut connection', (host) => `${host}/picture`, (request) => void request.destroy(), /the connection failed$/],
    [
      'something else',
      (host) => `${host}/picture`,
      (_, response) => response.end('<html>'),
      /^The answer's image data is not an image$/,
    ],
    [
      'an endless body',
      (host) => `${host}/picture`,
      (_, response) => flood(response),
      /^Cannot fetch .* it has more than \d+ MiB/,
    ],
  ];

  test.each(problems)('that leads to %s', async (_what, url, image, expected) => {
    const thrown = await failed(
      testProvider({ baseUrl: await openAI(url, image) }).generate(imageRequest(), aContext()),
    );
    expect(thrown.error).toMatchObject({ code: 'ProviderResponseInvalid', retryable: true });
    expect(thrown.error.message).toMatch(expected);
    expect(thrown.error.message).not.toContain('secret');
    expect(thrown.usage).toMatchObject({ outputTokens: 5 });
  });

  test('that hangs ends by the signal', async () => {
    const asked = Promise.withResolvers<void>();
    const baseUrl = await openAI(
      (host) => `${host}/picture`,
      () => asked.resolve(),
    );
    const abort = new AbortController();
    const reason = new Error('enough');
    const call = testProvider({ baseUrl }).generate(imageRequest(), aContext({ signal: abort.signal }));
    await asked.promise;
    abort.abort(reason);
    await expect(call).rejects.toBe(reason);
  });
});

function flood(response: Parameters<RequestListener>[1]): void {
  const piece = Buffer.alloc(1_048_576);
  const more = (): void => {
    while (!response.destroyed) if (!response.write(piece)) return void response.once('drain', more);
  };
  more();
}
