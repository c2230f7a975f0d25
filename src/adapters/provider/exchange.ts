// The transport of one request: it attaches the reference images, never follows a redirect, because the SDK's own fetch would send
// the key along, and keeps what the SDK drops: an error's headers, and the whole body of an answer.

import { startOfBody, type AnswerRoom } from './answerBody.ts';
import { decodedHeaders, imageData, type ImageData } from './imageData.ts';
import type { Attachments } from './requestBody.ts';

/** A response as it arrived, except that long base64 is extracted from a successful one. */
export interface Received {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

export interface Exchange extends Pick<ImageData, 'fetch' | 'bytesOf' | 'release'> {
  /** Undefined until the whole response has arrived. */
  received(): Received | undefined;
}

export interface ExchangeOptions {
  readonly references: Pick<Attachments, 'attached'>;
  readonly room: AnswerRoom;
  /** Replaces Node's own in tests. */
  readonly fetch: typeof globalThis.fetch | undefined;
}

/** An error has a few KiB; this bounds what a gateway may send instead. */
const longestError = 1_048_576;

/** For one request. */
export function exchange({ references, room, fetch }: ExchangeOptions): Exchange {
  const images = imageData(room, fetch);
  let last: Received | undefined;
  return {
    fetch: async (url, init) => {
      const response = await images.fetch(url, { ...references.attached(init), redirect: 'manual' });
      const { status, headers } = response;
      const body = response.ok ? await response.text() : await startOfBody(response, longestError);
      last = { status, headers, body };
      return new Response(isEmpty(status) ? null : body, { status, headers: decodedHeaders(response) });
    },
    bytesOf: images.bytesOf,
    release: images.release,
    received: () => last,
  };
}

/** `Response` accepts no body with these. */
const isEmpty = (status: number): boolean => status === 204 || status === 205 || status === 304;
