// The body of a request with reference images: sent in pieces, and byte for byte what the SDK would have sent.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { GoogleGenAI } from '@google/genai/web';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { configOf, contentsOf } from '../../../src/adapters/gemini/request.ts';
import type { GenerateRequest, ReferenceBytes } from '../../../src/ports/provider.ts';
import { aContext, failure, imageRequest, secretKey, testProvider, textRequest } from './gemini.ts';

const answer = {
  candidates: [
    { content: { parts: [{ inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } }] }, finishReason: 'STOP' },
  ],
};

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serverThat(handles: (request: IncomingMessage) => unknown): Promise<string> {
  server = createServer((request, response) => void Promise.resolve(handles(request)).then((it) => response.end(it)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Sent {
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** A server that keeps what it is sent, and answers with an image. */
async function recording(): Promise<{ sent: Sent[]; baseUrl: string }> {
  const sent: Sent[] = [];
  const baseUrl = await serverThat(async (request) => {
    sent.push({ headers: request.headers, body: await buffer(request) });
    return JSON.stringify(answer);
  });
  return { sent, baseUrl };
}

/** What the SDK sends with the whole base64 in its request. */
async function asTheSdk(request: GenerateRequest): Promise<Buffer> {
  const bodies: unknown[] = [];
  const fetch = (async (_url: unknown, init?: RequestInit) => {
    bodies.push(init?.body);
    return await Promise.resolve(Response.json(answer));
  }) as typeof globalThis.fetch;
  const client = new GoogleGenAI({ apiKey: secretKey, vertexai: false, apiVersion: 'v1beta' });
  const contents = contentsOf(request, (bytes) => Buffer.from(bytes).toString('base64'));
  const config = { ...configOf(request, new AbortController().signal), httpOptions: { fetch } };
  await client.models.generateContent({ model: request.model, contents, config });
  return Buffer.from(bodies[0] as string);
}

const tricky = ['"', '\\', '"data":"genwarden-', 'genwarden-0a1b-0', '@0', '\u2028', '\ud83c', '🌿', '</script>', ''];
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.array(fc.constantFrom(...tricky)).map((parts) => parts.join('')),
);
const reference: fc.Arbitrary<ReferenceBytes> = fc.record(
  {
    mediaType: fc.constantFrom('image/png', 'image/jpeg'),
    bytes: fc.uint8Array({ maxLength: 50 }),
    caption: text,
  },
  { requiredKeys: ['mediaType', 'bytes'] },
);

test('the bytes on the wire are those that the SDK would have sent', async () => {
  const any = fc.record({ prompt: text, system: text, references: fc.array(reference, { maxLength: 4 }) });
  const { sent, baseUrl } = await recording();
  const provider = testProvider({ baseUrl });
  await fc.assert(
    fc.asyncProperty(any, async ({ prompt, system, references }) => {
      const request = imageRequest({ prompt, system, seed: 7 }, { references });
      await provider.generate(request, aContext());
      const { headers, body } = sent.at(-1)!;
      const expected = await asTheSdk(request);
      expect(body.equals(expected)).toBe(true);
      expect(headers['content-length']).toBe(String(expected.length));
      expect(headers['content-type']).toBe('application/json');
      expect(headers['transfer-encoding']).toBeUndefined();
    }),
    { numRuns: 200 },
  );
});

test('at the edges of a piece, and for a view of a larger buffer', async () => {
  const large = Buffer.alloc(700_000, 'not the same all over');
  const sizes = [196_607, 196_608, 196_609, 393_215, 393_216, 393_217];
  const references = sizes.map((size) => ({ mediaType: 'image/png', bytes: large.subarray(5, 5 + size) }));
  const request = imageRequest({ prompt: 'a yard' }, { references: [...references, references[0]!] });
  const { sent, baseUrl } = await recording();
  await testProvider({ baseUrl }).generate(request, aContext());
  expect(sent[0]!.body.equals(await asTheSdk(request))).toBe(true);
});

const aLargeOne = { mediaType: 'image/png', bytes: Buffer.alloc(6_000_000, 'x') };

test('what has been sent is not kept: fetch would keep a copy of the whole body until the answer', async () => {
  const answered = Promise.withResolvers<number>();
  const before = process.memoryUsage().arrayBuffers;
  const baseUrl = await serverThat(async (request) => {
    request.resume();
    await once(request, 'end');
    answered.resolve(process.memoryUsage().arrayBuffers);
    return JSON.stringify(answer);
  });
  const references = Array.from({ length: 30 }, () => aLargeOne);
  await testProvider({ baseUrl }).generate(imageRequest({ prompt: 'a yard' }, { references }), aContext());
  // 240 MB of base64. What the garbage collector has not freed yet grows to about 64 MB on either side.
  expect((await answered.promise) - before).toBeLessThan(160_000_000);
});

test('an abort in the middle of the body ends the call with its own reason', async () => {
  const started = Promise.withResolvers<IncomingMessage>();
  const baseUrl = await serverThat((request) => {
    started.resolve(request);
    return new Promise(() => undefined);
  });
  const abort = new AbortController();
  const references = Array.from({ length: 10 }, () => aLargeOne);
  const call = testProvider({ baseUrl }).generate(
    imageRequest({ prompt: 'a yard' }, { references }),
    aContext(abort.signal),
  );
  const request = await started.promise;
  const reason = new Error('enough');
  abort.abort(reason);
  await expect(call).rejects.toBe(reason);
  const closed = new Promise((resolve) => request.once('close', resolve));
  request.on('error', () => undefined).resume();
  await closed;
  expect(request.complete).toBe(false);
});

test('a server that answers without reading the body is heard', async () => {
  const refusal = {
    error: { code: 413, message: 'Request payload size exceeds the limit', status: 'INVALID_ARGUMENT' },
  };
  const baseUrl = await serverThat(() => JSON.stringify(refusal));
  const references = Array.from({ length: 10 }, () => aLargeOne);
  const error = await failure(
    testProvider({ baseUrl }).generate(imageRequest({ prompt: 'a yard' }, { references }), aContext()),
  );
  expect(error.message).toContain('Request payload size exceeds the limit');
});

test('every request of a call has the images: the repair of an answer, and the next call with another key', async () => {
  const texts = ['{"titel":"A"}', '{"title":"A"}', '{"title":"B"}'];
  const bodies: Buffer[] = [];
  const baseUrl = await serverThat(async (request) => {
    bodies.push(await buffer(request));
    const parts = [{ text: texts.shift() }];
    return JSON.stringify({ candidates: [{ content: { parts }, finishReason: 'STOP' }] });
  });
  const schema = { type: 'object', properties: { title: { type: 'string' } }, required: ['title'] };
  const request = { ...textRequest({ prompt: 'what is this', schema }), references: [aLargeOne] };
  const provider = testProvider({ baseUrl });
  const context = { ...aContext(), anotherCall: () => Promise.resolve(true) };
  expect(await provider.generate(request, context)).toMatchObject({ output: { title: 'A' }, calls: 2 });
  await provider.generate(request, { ...context, key: 'another-key' });
  const data = aLargeOne.bytes.toString('base64');
  expect(bodies.map((body) => body.toString('latin1').split(data).length)).toEqual([2, 2, 2]);
  expect(bodies[2]!.equals(bodies[0]!)).toBe(true);
});
