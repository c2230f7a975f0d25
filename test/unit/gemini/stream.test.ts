// Streamed text: pieces as they arrive, the same result as an answer that is not streamed, and every way in which a stream breaks.
import { expect, test } from 'vitest';
import { excessOfAnswers } from '../../../src/adapters/provider/answerBody.ts';
import { AttemptFailed } from '../../../src/job/errors/index.ts';
import type { GenerateContext, Generated } from '../../../src/ports/provider.ts';
import { until } from '../../support/until.ts';
import { aContext, failure, imageRequest, secretKey, testProvider, textRequest, useStandin } from './gemini.ts';

const bench = useStandin();

function listening(over: Partial<GenerateContext> = {}): { context: GenerateContext; pieces: string[] } {
  const pieces: string[] = [];
  return { context: { ...aContext(), onText: (piece) => pieces.push(piece), ...over }, pieces };
}

/** An answer of the given pieces of bytes, which arrive one by one. */
function streamFetch(
  pieces: readonly (string | Uint8Array)[],
  end: 'close' | 'break' = 'close',
  type = 'text/event-stream',
) {
  const urls: string[] = [];
  const fetch = (url: string | URL | Request): Promise<Response> => {
    urls.push(String(url instanceof Request ? url.url : url));
    const left = [...pieces];
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        const piece = left.shift();
        if (piece !== undefined)
          controller.enqueue(Uint8Array.from(typeof piece === 'string' ? Buffer.from(piece) : piece));
        else if (end === 'close') controller.close();
        else controller.error(new TypeError('terminated', { cause: new Error('other side closed') }));
      },
    });
    return Promise.resolve(new Response(body, { headers: { 'content-type': type } }));
  };
  return { fetch, urls };
}

const event = (value: unknown): string => `data: ${JSON.stringify(value)}\r\n\r\n`;
const chunk = (text: string, over: object = {}, candidate: object = {}): string =>
  event({
    candidates: [{ content: { role: 'model', parts: [{ text }] }, index: 0, ...candidate }],
    usageMetadata: { promptTokenCount: 4, candidatesTokenCount: text.length, totalTokenCount: 4 + text.length },
    modelVersion: 'gemini-3.1-flash',
    responseId: 'r-1',
    ...over,
  });
const last = (text: string, finishReason = 'STOP', candidate: object = {}): string =>
  chunk(
    text,
    { usageMetadata: { promptTokenCount: 4, candidatesTokenCount: 30, thoughtsTokenCount: 12 } },
    { finishReason, ...candidate },
  );

async function streamed(pieces: readonly (string | Uint8Array)[], over: Partial<GenerateContext> = {}) {
  const { fetch, urls } = streamFetch(pieces);
  const { context, pieces: heard } = listening(over);
  const made: Generated = await testProvider({ fetch }).generate(textRequest({ prompt: 'x' }), context);
  return { made, heard, urls };
}

async function broken(pieces: readonly (string | Uint8Array)[], end: 'close' | 'break' = 'close') {
  const { context, pieces: heard } = listening();
  const { fetch } = streamFetch(pieces, end);
  const call = testProvider({ fetch }).generate(textRequest({ prompt: 'x' }), context);
  const thrown: unknown = await call.catch((error: unknown) => error);
  if (!(thrown instanceof AttemptFailed)) throw new Error('not an AttemptFailed', { cause: thrown });
  return { error: thrown.error, usage: thrown.usage, heard };
}

test('the pieces arrive as the model writes them, and together they are the output', async () => {
  const { made, heard, urls } = await streamed([chunk('Once'), chunk(' upon'), last(' a time')]);
  expect(heard).toEqual(['Once', ' upon', ' a time']);
  expect(made).toMatchObject({
    output: 'Once upon a time',
    usage: { inputTokens: 4, outputTokens: 42, images: 0 },
    provenance: { modelVersion: 'gemini-3.1-flash', responseId: 'r-1', finishReason: 'STOP' },
  });
  expect(urls[0]).toMatch(/\/v1beta\/models\/gemini-3\.1-flash:streamGenerateContent\?alt=sse$/);
});

test('a piece is passed on before the next one arrives', async () => {
  const body = new TransformStream<Uint8Array, Uint8Array>();
  const writer = body.writable.getWriter();
  const fetch = () => Promise.resolve(new Response(body.readable));
  const { context, pieces } = listening();
  const call = testProvider({ fetch }).generate(textRequest({ prompt: 'x' }), context);
  await writer.write(Buffer.from(chunk('early')));
  await until(() => pieces.length === 1, { what: 'the first piece' });
  await writer.write(Buffer.from(last(' and late')));
  await writer.close();
  expect((await call).output).toBe('early and late');
});

test.each([1, 2, 3, 7, 1_000])('characters, lines and events may be split anywhere: every %i bytes', async (size) => {
  const whole = Buffer.from(chunk('Grüße, 🌱') + chunk(' 漢字\n\ndata: x ') + last('👩🏽‍🚀'));
  const parts = Array.from({ length: Math.ceil(whole.length / size) }, (_, at) =>
    whole.subarray(at * size, (at + 1) * size),
  );
  const { made, heard } = await streamed(parts);
  expect(made.output).toBe('Grüße, 🌱 漢字\n\ndata: x 👩🏽‍🚀');
  expect(heard.join('')).toBe(made.output);
  for (const piece of heard) expect(piece.isWellFormed()).toBe(true);
});

const forms: [what: string, body: string][] = [
  ['lines that end with a line feed only', (chunk('a') + last('b')).replaceAll('\r', '')],
  ['comments and other fields', `: hello\n\nevent: message\nid: 1\nretry: 5\n${chunk('a')}: more\n${last('b')}`],
  ['no space after the colon', (chunk('a') + last('b')).replaceAll('data: ', 'data:')],
  ['no empty line at the end', (chunk('a') + last('b')).trimEnd()],
  ['a data field of several lines', chunk('a').replace('"candidates"', '\r\ndata: "candidates"') + last('b')],
  ['the end that other providers send', `${chunk('a')}${last('b')}data: [DONE]\n\n`],
  ['a byte order mark', `\ufeff${chunk('a')}${last('b')}`],
  ['null in place of a finish reason', chunk('a', {}, { finishReason: null }) + last('b')],
  ['a finish reason before the last event', chunk('a') + last('b') + event({ usageMetadata: { promptTokenCount: 4 } })],
  [
    'thoughts',
    event({ candidates: [{ content: { parts: [{ text: 'hm', thought: true }] } }] }) + chunk('a') + last('b'),
  ],
  [
    'other candidates',
    event({ candidates: [{ index: 1, content: { parts: [{ text: 'z' }] } }] }) + chunk('a') + last('b'),
  ],
  ['events without a candidate', event({ usageMetadata: {} }) + chunk('a') + event(5) + event(null) + last('b')],
  [
    'a list of all events, as the interface sends it without SSE',
    `[${[chunk('a'), last('b')].map((one) => one.trim().slice(6)).join(',\r\n')}]`,
  ],
  ['an answer that is not streamed', last('ab').trim().slice(6)],
];

test.each(forms)('reads %s', async (_what, body) => {
  const { made, heard } = await streamed([body]);
  expect(made.output).toBe('ab');
  expect(made.usage).toEqual({ inputTokens: 4, outputTokens: 42, images: 0 });
  expect(['ab', '']).toContain(heard.join(''));
});

const unavailable = { error: { code: 503, status: 'UNAVAILABLE', message: 'The model is overloaded.' } };
const limited = {
  error: {
    code: 429,
    status: 'RESOURCE_EXHAUSTED',
    message: 'Slow down',
    details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '7s' }],
  },
};

const breaks: [what: string, pieces: string[], end: 'close' | 'break', code: string, message: RegExp][] = [
  [
    'an error as an event',
    [chunk('so far'), event(unavailable)],
    'close',
    'ProviderUnavailable',
    /answered 503: The model/,
  ],
  [
    'an error that is no event',
    [chunk('so far'), JSON.stringify(unavailable, null, 2)],
    'close',
    'ProviderUnavailable',
    /503/,
  ],
  ['a rate limit', [chunk('so far'), event(limited)], 'close', 'RateLimited', /answered 429: Slow down/],
  ['a lost connection', [chunk('so far')], 'break', 'ProviderUnreachable', /failed: terminated \(other side closed\)$/],
  ['an end without a finish reason', [chunk('so far')], 'close', 'ProviderResponseInvalid', /has no finish reason$/],
  [
    'an end in the middle of an event',
    [chunk('so far'), last('x').slice(0, 60)],
    'close',
    'ProviderResponseInvalid',
    /not JSON: it starts/,
  ],
  [
    'garbage',
    [chunk('so far'), 'data: <html>\n\n'],
    'close',
    'ProviderResponseInvalid',
    /not JSON: it starts with "<html>"/,
  ],
  ['a refusal', [chunk('so far'), last('', 'SAFETY')], 'close', 'OutputRefused', /withheld the output \(SAFETY\)/],
  ['a limit', [chunk('so far'), last(' and', 'MAX_TOKENS')], 'close', 'OutputTruncated', /cut off at the output limit/],
];

test.each(breaks)('%s after some text is told, and its usage counts', async (_what, pieces, end, code, message) => {
  const { error, usage, heard } = await broken(pieces, end);
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  expect(heard[0]).toBe('so far');
  expect(usage).toMatchObject({ inputTokens: 4 });
  expect(usage!.outputTokens).toBeGreaterThanOrEqual(6);
});

test('bytes that are not UTF-8 are not replaced', async () => {
  const latin = Buffer.from(chunk('caf\xe9'), 'latin1');
  const { error, usage } = await broken([chunk('so far'), latin, last('x')]);
  expect(error).toMatchObject({ code: 'ProviderResponseInvalid', message: expect.stringMatching(/not UTF-8$/) });
  expect(usage).toMatchObject({ inputTokens: 4 });
  const body = Buffer.from(
    '{"candidates":[{"content":{"parts":[{"text":"caf\xe9"}]},"finishReason":"STOP"}]}',
    'latin1',
  );
  const fetch = () => Promise.resolve(new Response(body, { headers: { 'content-type': 'application/json' } }));
  const whole = await failure(testProvider({ fetch }).generate(textRequest({ prompt: 'x' }), aContext()));
  expect(whole).toMatchObject({
    code: 'ProviderResponseInvalid',
    message: expect.stringMatching(/not UTF-8: byte 0xe9/),
  });
});

test('an error in a stream keeps its waiting time', async () => {
  expect((await broken([chunk('a'), event(limited)])).error.retryAfter).toBe(7_000);
});

test('an error before the stream, a redirect and a page of HTML are treated as without a stream', async () => {
  const { context, pieces } = listening();
  const request = (marker: string) => textRequest({ prompt: `p [standin: ${marker}]` });
  const failed = (marker: string) => failure(bench.provider.generate(request(marker), context));
  expect(await failed('status 503')).toMatchObject({ code: 'ProviderUnavailable', provider: { status: 503 } });
  expect(await failed('bad-key')).toMatchObject({ code: 'KeyRefused' });
  expect(await failed('redirect')).toMatchObject({ code: 'ProviderRedirected' });
  expect(await failed('nonsense')).toMatchObject({
    code: 'ProviderResponseInvalid',
    message: expect.stringMatching(/starts with .<html>/),
  });
  expect(await failed('empty')).toMatchObject({ code: 'NoOutput' });
  expect(await failed('refuse-prompt')).toMatchObject({ code: 'PromptRefused' });
  expect(await failed('drop')).toMatchObject({ code: 'ProviderUnreachable' });
  expect(pieces).toEqual([]);
});

test('the key never appears in the message of an error in a stream', async () => {
  const { error } = await broken([chunk('a'), event({ error: { code: 400, message: `bad key ${secretKey}` } })]);
  expect(error.message).not.toContain(secretKey);
});

test('an event of 10 MB is read, one that exceeds the memory of answers is refused', async () => {
  const long = 'x'.repeat(10_485_760);
  const { made, heard } = await streamed([chunk('a'), last(long)]);
  expect(made.output).toBe(`a${long}`);
  expect(heard.map(({ length }) => length)).toEqual([1, long.length]);
  const megabyte = `${'y'.repeat(1_048_576)}`;
  const endless = ['data: "', ...Array.from({ length: excessOfAnswers / 1_048_576 + 8 }, () => megabyte)];
  const { error, usage } = await broken([chunk('so far'), ...endless]);
  expect(error).toMatchObject({ code: 'ProviderResponseInvalid', message: expect.stringMatching(/more than 36 MiB/) });
  expect(usage).toMatchObject({ inputTokens: 4 });
});

test('text that grows beyond the memory of answers is refused too, and what it took is given back', async () => {
  const megabyte = 'z'.repeat(1_048_576);
  const pieces = Array.from({ length: excessOfAnswers / 1_048_576 + 8 }, () => chunk(megabyte));
  const { context } = listening();
  const provider = testProvider({ fetch: streamFetch([...pieces, last('')]).fetch });
  const first = await failure(provider.generate(textRequest({ prompt: 'x' }), context));
  expect(first).toMatchObject({ code: 'ProviderResponseInvalid', message: expect.stringMatching(/more than 36 MiB/) });
  const again = await failure(provider.generate(textRequest({ prompt: 'x' }), context));
  expect(again.message).toBe(first.message);
});

test('a schema answer is streamed as JSON text, and its repair as another one', async () => {
  const schema = { type: 'object', properties: { a: { type: 'number' } }, required: ['a'] };
  const answers = [last('{"a": "no"}'), chunk('{"a"') + last(': 1}')];
  const fetch = () => Promise.resolve(new Response(answers.shift()));
  const heard: string[] = [];
  const anotherCall = () => {
    heard.push('again');
    return Promise.resolve(true);
  };
  const context = { ...aContext(), anotherCall, onText: (piece: string) => heard.push(piece) };
  const provider = testProvider({ fetch });
  const made = await provider.generate(textRequest({ prompt: 'x', schema }), context);
  expect(made).toMatchObject({ output: { a: 1 }, calls: 2, usage: { inputTokens: 8, outputTokens: 84 } });
  expect(heard).toEqual(['{"a": "no"}', 'again', '{"a"', ': 1}']);
});

test('an abort in the middle of a stream ends the call with its reason, and the connection', async () => {
  const abort = new AbortController();
  const { context, pieces } = listening({ signal: abort.signal });
  const prompt = 'abort me [standin: stall]';
  const call = bench.provider.generate(textRequest({ prompt }), context);
  await until(() => pieces.length > 0, { what: 'the first piece' });
  const reason = new Error('enough');
  abort.abort(reason);
  await expect(call).rejects.toBe(reason);
  await bench.standin.waitFor((all) => all.some((one) => one.prompt === prompt && one.outcome === 'aborted'), 5_000);
});

test('images are not streamed, and neither is text that nobody reads', async () => {
  const { fetch, urls } = streamFetch([last('ab').trim().slice(6)], 'close', 'application/json');
  const provider = testProvider({ fetch });
  await provider.generate(textRequest({ prompt: 'x' }), aContext());
  await failure(provider.generate(imageRequest({ prompt: 'x' }), listening().context));
  expect(urls).toHaveLength(2);
  for (const url of urls) expect(url).toMatch(/:generateContent$/);
});
