// What the target in a request line must be: RFC 9112, and percent-encoded UTF-8. Frameworks decode anything else to something else.

import type { IncomingMessage } from 'node:http';

declare module 'node:http' {
  interface IncomingMessage {
    /** Why the target of the request is not valid. */
    targetFault?: string;
  }
}

/** No route has this path. */
const nowhere = '/-';

/**
 * The path and query of a request, for the router. A target that is not valid leads to no route, so that its refusal has the headers of
 * every answer, and sets `targetFault`. An absolute target also names the host (RFC 9112, 3.2.2).
 */
export function pathOfTarget(request: IncomingMessage): string {
  const { url = '', method } = request;
  if (url === '*' && method === 'OPTIONS') return url;
  const [, host, rest = url] = /^https?:\/\/([^/?#]*)([^]*)$/i.exec(url) ?? [];
  if (host !== undefined) request.headers.host = host;
  const path = rest.startsWith('/') ? rest : host === undefined ? '' : `/${rest}`;
  const fault = path === '' ? 'it does not begin with /' : faultOf(path);
  if (fault === undefined) return path;
  request.targetFault = fault;
  return nowhere;
}

function faultOf(path: string): string | undefined {
  const hash = path.indexOf('#');
  if (hash !== -1) return `it has a fragment, which is not for servers, at position ${hash}`;
  for (const { index, 0: run } of path.matchAll(/(?:%[\da-f]{2})+|%/gi)) {
    if (!isDecodable(run)) return `${run.slice(0, 30)} at position ${index} is not UTF-8 in percent-encoding`;
  }
  return undefined;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
