// Which pages of other origins may call the API, what they may send, and what they may read (CORS).

import cors from '@fastify/cors';
import type { Api, ApiOptions } from './options.ts';
import { isOfOwnPage } from './auth/foreignRequests.ts';
import { sourceOf } from './auth/requestToken.ts';
import type { RefusedOrigins } from './refusedOrigins.ts';

/** Seconds. Chromium keeps a preflight's answer for no longer. */
const preflightMaxAge = 7_200;

/** Scripts may always read the media type, the length, the language and the cache headers. */
const readable = [
  'accept-ranges',
  'content-disposition',
  'content-range',
  'etag',
  'idempotency-replayed',
  'location',
  'retry-after',
  'traceparent',
  'www-authenticate',
  'x-request-id',
];

/**
 * Register it before what can refuse a request: pages read errors too. An origin that is named may call the API with any
 * header, as browsers add no credentials to the call by themselves. So tracing libraries need no list of their headers.
 */
export function allowOrigins(
  app: Api,
  { corsOrigins, publicUrl }: Pick<ApiOptions, 'corsOrigins' | 'publicUrl'>,
  refused: RefusedOrigins,
): void {
  app.addHook('onRequest', async (request) => {
    const { origin } = request.headers;
    if (origin === undefined || corsOrigins.includes('*') || corsOrigins.includes(origin)) return;
    if (!isOfOwnPage(sourceOf(request), publicUrl)) refused.note(origin);
  });
  app.register(cors, {
    origin: corsOrigins.includes('*') ? '*' : corsOrigins.length === 0 ? false : [...corsOrigins],
    methods: ['GET', 'HEAD', 'POST', 'DELETE'],
    exposedHeaders: readable,
    maxAge: preflightMaxAge,
    strictPreflight: false,
  });
}
