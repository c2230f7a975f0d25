// Extracts the base64 of images from a response's bytes before it is parsed. The SDK's JSON parsing would make three strings
// of it, each larger than the image, and ten parallel answers would take most of a worker's memory.

import { freeBuffer } from '../../async/freeBytes.ts';
import type { Release } from '../../async/weightedSemaphore.ts';
import { wholeBody, type AnswerRoom } from './answerBody.ts';
import { transport } from './transport.ts';

export interface ImageData {
  /** The value for the `fetch` of one call of the SDK. */
  readonly fetch: typeof globalThis.fetch;
  /** The bytes for `data` of an answer's part, or for the base64 of a data URL: extracted ones, or the decoded base64. */
  bytesOf(data: string): Buffer;
  /** Frees the extracted bytes, which must not be read afterwards. */
  release(): void;
}

export interface ImageDataOptions {
  /** The transport; undefined: Node's own. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** The field of the JSON that holds base64. */
  readonly field: string;
}

/** For one request. */
export function imageData(room: AnswerRoom, { fetch = transport, field }: ImageDataOptions): ImageData {
  const extracted: Buffer<ArrayBuffer>[] = [];
  const releases: Release[] = [];
  return {
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      if (!response.ok) return response;
      const rest = extractImages(await wholeBody(response, room, releases), field, extracted);
      return new Response(rest, { status: response.status, headers: decodedHeaders(response) });
    },
    bytesOf: (data) => {
      // Some gateways put a data URL where base64 belongs.
      const base64 = data.startsWith('data:') ? data.slice(data.indexOf(',') + 1) : data;
      const index = /^@(\d+)$/.exec(base64)?.[1];
      return (index === undefined ? undefined : extracted[Number(index)]) ?? Buffer.from(base64, 'base64');
    },
    release: () => {
      for (const { buffer } of extracted.splice(0)) freeBuffer(buffer);
      for (const release of releases.splice(0)) release();
    },
  };
}

/** Shorter base64 is left in the JSON. */
const minLength = 16_384;

/**
 * The same JSON, with `@0`, `@1`, … (not valid base64) instead of long base64 values; their bytes are added to `extracted`. Frees
 * the body.
 */
function extractImages(
  body: Buffer<ArrayBuffer>,
  field: string,
  extracted: Buffer<ArrayBuffer>[],
): Buffer<ArrayBuffer> {
  const kept: Buffer[] = [];
  let at = 0;
  for (const { start, end } of [...longData(body, field), ...longUrls(body)].toSorted((a, b) => a.start - b.start)) {
    kept.push(body.subarray(at, start), Buffer.from(`@${extracted.length}`));
    extracted.push(decoded(body, start, end));
    at = end;
  }
  const rest = Buffer.concat([...kept, body.subarray(at)]);
  freeBuffer(body.buffer);
  return rest;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** The positions of the values of the field, except data URLs. Quotes inside a JSON string are escaped, so only a real key matches. */
function* longData(body: Buffer, field: string): Generator<Range> {
  const key = JSON.stringify(field);
  for (let from = body.indexOf(key); from !== -1; from = body.indexOf(key, from)) {
    from += key.length;
    const opening = /^\s*:\s*"/.exec(body.toString('latin1', from, from + 32))?.[0];
    if (opening === undefined) continue;
    const start = from + opening.length;
    const end = body.indexOf('"', start);
    if (end === -1) return;
    from = end;
    // A value with an escape (`\u003d` for `=`) is left to the JSON parser.
    const isUrl = body.toString('latin1', start, start + 5) === 'data:';
    if (end - start >= minLength && !isUrl && !body.subarray(start, end).includes('\\')) yield { start, end };
  }
}

/** The positions of the base64 in data URLs, which gateways put into texts. */
function* longUrls(body: Buffer): Generator<Range> {
  for (let from = body.indexOf(';base64,'); from !== -1; from = body.indexOf(';base64,', from)) {
    const start = from + 8;
    let end = start;
    while (end < body.length && isBase64[body[end]!] === 1) end += 1;
    from = end;
    // One that ends with an escape is left to the JSON parser.
    if (end - start >= minLength && body[end] !== backslash) yield { start, end };
  }
}

const backslash = 0x5c;
const isBase64 = new Uint8Array(256);
for (const character of Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-'))
  isBase64[character] = 1;

/** Decodes in pieces, to avoid a string of the whole value; their length is a multiple of four, as base64 requires. */
function decoded(body: Buffer, start: number, end: number): Buffer<ArrayBuffer> {
  const bytes = Buffer.allocUnsafeSlow(Math.ceil(((end - start) * 3) / 4));
  let length = 0;
  for (let at = start; at < end; at += 65_536) {
    length += bytes.write(body.toString('latin1', at, Math.min(at + 65_536, end)), length, 'base64');
  }
  return bytes.subarray(0, length);
}

/** The body's length has changed, and it is no longer compressed. */
export function decodedHeaders({ headers }: Response): Headers {
  const kept = new Headers(headers);
  for (const name of ['content-length', 'content-encoding', 'transfer-encoding']) kept.delete(name);
  return kept;
}
