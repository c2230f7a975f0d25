// Takes the base64 of images out of a response while it is still bytes. As JSON the SDK would make three texts of it, each
// larger than the image, and ten answers at once would be most of a worker's memory.

import { free, wholeBody } from './wholeBody.ts';

export interface ImageData {
  /** What `httpOptions.fetch` of one call is. */
  readonly fetch: typeof globalThis.fetch;
  /** The bytes that `data` of an answer's part stands for: those taken out, or its base64 decoded. */
  bytesOf(data: string): Buffer;
  /** Frees the bytes that were taken out; none of them may be read from then on. */
  release(): void;
}

/** For one call. `fetch` is the transport; Node's own, without its time limits, where absent. */
export function imageData(fetch: typeof globalThis.fetch = unhurriedFetch): ImageData {
  const taken: Buffer<ArrayBuffer>[] = [];
  return {
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      if (!response.ok) return response;
      const kept = takeImages(await wholeBody(response), taken);
      return new Response(kept, { status: response.status, headers: headersFor(response) });
    },
    bytesOf: (data) => {
      const index = /^@(\d+)$/.exec(data)?.[1];
      return (index === undefined ? undefined : taken[Number(index)]) ?? Buffer.from(data, 'base64');
    },
    release: () => {
      for (const { buffer } of taken.splice(0)) free(buffer);
    },
  };
}

/** Shorter ones are not worth it. */
const least = 16_384;

/**
 * The same JSON with `@0`, `@1`, … (no base64) in the place of long base64, whose bytes are added to `taken`. The body is
 * freed.
 */
function takeImages(body: Buffer<ArrayBuffer>, taken: Buffer<ArrayBuffer>[]): Buffer<ArrayBuffer> {
  const kept: Buffer[] = [];
  let at = 0;
  for (const { start, end } of longData(body)) {
    kept.push(body.subarray(at, start), Buffer.from(`@${taken.length}`));
    taken.push(decoded(body, start, end));
    at = end;
  }
  const rest = Buffer.concat([...kept, body.subarray(at)]);
  free(body.buffer);
  return rest;
}

/** Where the texts of keys `data` are. Within a text of JSON each quote is escaped, so only a real key looks like one. */
function* longData(body: Buffer): Generator<{ start: number; end: number }> {
  for (let from = body.indexOf('"data"'); from !== -1; from = body.indexOf('"data"', from)) {
    from += 6;
    const opening = /^\s*:\s*"/.exec(body.toString('latin1', from, from + 32))?.[0];
    if (opening === undefined) continue;
    const start = from + opening.length;
    const end = body.indexOf('"', start);
    if (end === -1) return;
    from = end;
    // An escape in it (`\u003d` for `=`): left to the JSON parser.
    if (end - start >= least && !body.subarray(start, end).includes('\\')) yield { start, end };
  }
}

/** In pieces, so that no text of the whole is made; their length is a multiple of four, as base64 wants. */
function decoded(body: Buffer, start: number, end: number): Buffer<ArrayBuffer> {
  const bytes = Buffer.allocUnsafeSlow(Math.ceil(((end - start) * 3) / 4));
  let length = 0;
  for (let at = start; at < end; at += 65_536) {
    length += bytes.write(body.toString('latin1', at, Math.min(at + 65_536, end)), length, 'base64');
  }
  return bytes.subarray(0, length);
}

/** The body is no longer as long, nor compressed. */
function headersFor({ headers }: Response): Headers {
  const kept = new Headers(headers);
  for (const name of ['content-length', 'content-encoding', 'transfer-encoding']) kept.delete(name);
  return kept;
}

interface Dispatcher {
  dispatch(options: object, handler: unknown): boolean;
}

/**
 * Node's fetch gives up after 300 s without headers or data; how long an attempt may take is the policy's business. The
 * SDK does the same where it is given no `fetch`.
 */
const unhurried: Dispatcher = {
  dispatch: (options, handler) => {
    const { [Symbol.for('undici.globalDispatcher.1')]: node } = globalThis as unknown as Record<symbol, Dispatcher>;
    if (node === undefined) throw new Error('this Node.js has no dispatcher for fetch');
    return node.dispatch({ ...options, headersTimeout: 0, bodyTimeout: 0 }, handler);
  },
};

const unhurriedFetch: typeof globalThis.fetch = (url, init) =>
  globalThis.fetch(url, { ...init, dispatcher: unhurried } as RequestInit);
