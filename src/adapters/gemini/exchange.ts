// The transport of one call: it never follows a redirect, because the SDK's own fetch would send the key along, and it keeps what
// the SDK drops: an error's headers, and the whole body of an answer.

import { decodedHeaders, imageData, type ImageData } from './imageData.ts';

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

/** For one request. `fetch` replaces Node's own in tests. */
export function exchange(fetch: typeof globalThis.fetch | undefined): Exchange {
  const images = imageData(fetch);
  let last: Received | undefined;
  return {
    fetch: async (url, init) => {
      const response = await images.fetch(url, { ...init, redirect: 'manual' });
      const { status, headers } = response;
      const body = await response.text();
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
