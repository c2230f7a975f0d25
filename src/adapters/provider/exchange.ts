// The transport of one request: it attaches the reference images, never follows a redirect, because the SDK's own fetch would send
// the key along, and keeps what the SDK drops: an error's headers, and the whole body of an answer.

import { textOfUtf8 } from '../../job/json/utf8.ts';
import type { Release } from '../../async/weightedSemaphore.ts';
import { startOfBody, type AnswerRoom } from './answerBody.ts';
import { streamedBody, type StreamedAnswer } from './eventStream.ts';
import { decodedHeaders, imageData, type ImageData } from './imageData.ts';
import type { Attachments } from './requestBody.ts';
import { transport } from './transport.ts';

/** A response as it arrived, except that long base64 is extracted from a successful one, and that a stream was joined. */
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
  /** For a request whose answer is streamed: makes one body of it. Such an answer has no images. */
  readonly stream?: StreamedAnswer | undefined;
  /** Replaces Node's own in tests. */
  readonly fetch: typeof globalThis.fetch | undefined;
  /** The field of an answer's JSON that holds base64. */
  readonly field: string;
}

/** An error has a few KiB; this bounds what a gateway may send instead. */
const longestError = 1_048_576;

/** For one request. */
export function exchange({ references, room, fetch, stream, field }: ExchangeOptions): Exchange {
  const images = imageData(room, { fetch, field });
  const releases: Release[] = [];
  let last: Received | undefined;
  return {
    fetch: async (url, init) => {
      const send = stream === undefined ? images.fetch : (fetch ?? transport);
      const response = await send(url, { ...(await references.attached(init)), redirect: 'manual' });
      const { status, headers } = response;
      const body = await bodyOf(response);
      last = { status, headers, body };
      if (stream !== undefined && response.ok)
        return new Response('', { headers: { 'content-type': 'text/event-stream' } });
      return new Response(isEmpty(status) ? null : body, { status, headers: decodedHeaders(response) });
    },
    bytesOf: images.bytesOf,
    release: () => {
      images.release();
      for (const release of releases.splice(0)) release();
    },
    received: () => last,
  };

  async function bodyOf(response: Response): Promise<string> {
    if (!response.ok) return startOfBody(response, longestError);
    if (stream !== undefined) return streamedBody(response, room, releases, stream);
    return textOfUtf8(new Uint8Array(await response.arrayBuffer()));
  }
}

/** `Response` accepts no body with these. */
const isEmpty = (status: number): boolean => status === 204 || status === 205 || status === 304;
