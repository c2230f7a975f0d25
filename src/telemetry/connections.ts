// How long the HTTP servers keep connections open.

import type { ServerOptions } from 'node:http';

/** ms. Above the 60 s after which load balancers close: one that reuses a connection that the server closes at that moment answers 502. */
const usual = 75_000;

/**
 * Timeouts of a server. `headersTimeout` is above `keepAliveMs`, because it also closes connections that were opened in advance and have
 * sent nothing. Bodies have no limit in all here: uploads may be slow.
 */
export function connectionTimes(keepAliveMs = usual) {
  return {
    keepAliveTimeout: keepAliveMs,
    headersTimeout: keepAliveMs + 5_000,
    requestTimeout: 0,
    connectionsCheckingInterval: 5_000,
  } as const satisfies ServerOptions;
}
