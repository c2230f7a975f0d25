// The body of a request with reference images: sent in pieces, and byte for byte what the SDK would have sent.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GoogleGenAI } from '@google/genai/web';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { geminiProvider } from '../../../src/adapters/gemini/index.ts';
import { configOf, contentsOf } from '../../../src/adapters/gemini/request.ts';
import type { GenerateRequest, ReferenceBytes } from '../../../src/ports/provider.ts';
import { aContext, failure, imageRequest, secretKey } from './gemini.ts';

const answer = {
  candidates: [
    { content: { parts: [{ inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } }] }, finishReason: 'STOP' },
  ],
};

interface Sent {
  readonly body: Buffer;
  readonly headers: Headers;
}

/** A transport that keeps what it is given, and gives an image. */
function recording() {
  const sent: Sent[] = [];
  const fetch = async (_url: unknown, init?: RequestInit): Promise<Response> => {
    const body = Buffer.from(await new Response(init?.body ?? '').arrayBuffer());
    sent.push({ body, headers: new Headers(init?.headers) });
    return Response.json(answer);
  };
  return { sent, fetch: fetch as typeof globalThis.fetch };
}

/** What the SDK sends with the whole base64 in its request. */
async function asTheSdk(request: GenerateRequest): Promise<Buffer> {
  const { sent, fetch } = recording();
  const client = new GoogleGenAI({ apiKey: secretKey, vertexai: false, apiVersion: 'v1beta' });
  const contents = contentsOf(request, (bytes) => Buffer.from(bytes).toString('base64'));
  const config = { ...configOf(request, new AbortController().signal), httpOptions: { fetch } };
  await client.models.generateContent({ model: request.model, contents, config });
  return sent[0]!.body;
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
  await fc.assert(
    fc.asyncProperty(any, async ({ prompt, system, references }) => {
      const request = imageRequest({ prompt, system, seed: 7 }, { references });
      const { sent, fetch } = recording();
      await geminiProvider({ fetch }).generate(request, aContext());
      const expected = await asTheSdk(request);
      expect(sent[0]!.body.equals(expected)).toBe(true);
      if (references.length > 0) expect(sent[0]!.headers.get('content-length')).toBe(String(expected.length));
      expect(sent[0]!.headers.get('content-type')).toBe('application/json');
    }),
    { numRuns: 200 },
  );
});

test('at the edges of a piece, and for a view of a larger buffer', async () => {
  const large = Buffer.alloc(700_000, 'not the same all over');
  const sizes = [196_607, 196_608, 196_609, 393_215, 393_216, 393_217];
  const references = sizes.map((size) => ({ mediaType: 'image/png', bytes: large.subarray(5, 5 + size) }));
  const request = imageRequest({ prompt: 'a yard' }, { references: [...references, references[0]!] });
  const { sent, fetch } = recording();
  await geminiProvider({ fetch }).generate(request, aContext());
  expect(sent[0]!.body.equals(await asTheSdk(request))).toBe(true);
});

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

const aLargeOne = { mediaType: 'image/png', bytes: Buffer.alloc(6_000_000, 'x') };

test('over HTTP: one body of a known length, not chunked', async () => {
  const seen: { headers: IncomingMessage['headers']; bytes: number }[] = [];
  const baseUrl = await serverThat(async (request) => {
    let bytes = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) bytes += chunk.length;
    seen.push({ headers: request.headers, bytes });
    return JSON.stringify(answer);
  });
  const request = imageRequest({ prompt: 'a yard' }, { references: [aLargeOne, aLargeOne] });
  await geminiProvider({ baseUrl }).generate(request, aContext());
  expect(seen).toHaveLength(1);
  expect(seen[0]!.headers['content-length']).toBe(String(seen[0]!.bytes));
  expect(seen[0]!.headers['transfer-encoding']).toBeUndefined();
  expect(seen[0]!.bytes).toBe((await asTheSdk(request)).length);
});

test('an abort in the middle of the body ends the call with its own reason', async () => {
  const started = Promise.withResolvers<IncomingMessage>();
  const baseUrl = await serverThat((request) => {
    started.resolve(request);
    return new Promise(() => undefined);
  });
  const abort = new AbortController();
  const references = Array.from({ length: 10 }, () => aLargeOne);
  const call = geminiProvider({ baseUrl }).generate(
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
    geminiProvider({ baseUrl }).generate(imageRequest({ prompt: 'a yard' }, { references }), aContext()),
  );
  expect(error.message).toContain('Request payload size exceeds the limit');
});
