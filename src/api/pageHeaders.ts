// The headers of the API's own pages: what they may load, and which sites may embed or open them.

import type { FastifyReply } from 'fastify';

export interface PageSources {
  /** Sources of images beside the API itself. */
  readonly images: readonly string[];
  /** Where scripts may send requests to. */
  readonly requests: readonly string[];
  readonly forms: "'none'" | "'self'";
}

/**
 * A content security policy without `unsafe` anything: scripts and styles are files of the API. No other page may embed these:
 * without authentication, a click in them changes jobs.
 */
export function contentSecurityPolicy({ images, requests, forms }: PageSources): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src ${["'self'", ...images].join(' ')}`,
    `connect-src ${requests.join(' ')}`,
    "base-uri 'none'",
    `form-action ${forms}`,
    "frame-ancestors 'none'",
  ].join('; ');
}

export function withPageHeaders(reply: FastifyReply, policy: string): FastifyReply {
  return reply
    .header('content-security-policy', policy)
    .header('x-content-type-options', 'nosniff')
    .header('referrer-policy', 'no-referrer')
    .header('cross-origin-opener-policy', 'same-origin');
}
