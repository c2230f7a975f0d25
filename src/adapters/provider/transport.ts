// Node's fetch without its timeouts, and without its copy of a body that is sent in pieces.

import { PiecewiseBody } from './requestBody.ts';

interface Dispatcher {
  dispatch(options: DispatchOptions, handler: unknown): boolean;
}

interface DispatchOptions {
  readonly headers?: Readonly<Record<string, unknown>>;
  /** ms; 0: none. */
  readonly headersTimeout?: number;
  readonly bodyTimeout?: number;
}

/**
 * A body in pieces joins the request below fetch: fetch reads each body twice, because a redirect might need it again, and so
 * keeps all pieces until the request has ended. Nothing here follows redirects.
 */
export const transport: typeof globalThis.fetch = (url, init) => {
  const { body, ...rest } = init ?? {};
  if (body instanceof PiecewiseBody) return fetchBy(dispatcherFor(body), url, rest);
  return fetchBy(withoutTimeouts, url, init);
};

const fetchBy = (dispatcher: Dispatcher, url: string | URL | Request, init?: RequestInit): Promise<Response> =>
  globalThis.fetch(url, { ...init, dispatcher } as RequestInit);

function dispatcherFor(body: PiecewiseBody): Dispatcher {
  return {
    dispatch: ({ headers, ...options }, handler) => {
      const attached = { body, headers: { ...headers, 'content-length': String(body.length) } };
      return withoutTimeouts.dispatch({ ...options, ...attached }, handler);
    },
  };
}

/**
 * Node's fetch fails after 300 s without headers or data, but the job's policy decides how long an attempt may take. The SDK
 * does the same if it is given no `fetch`.
 */
const withoutTimeouts: Dispatcher = {
  dispatch: (options, handler) => {
    const { [Symbol.for('undici.globalDispatcher.1')]: node } = globalThis as unknown as Record<symbol, Dispatcher>;
    if (node === undefined) throw new Error('this Node.js has no dispatcher for fetch');
    return node.dispatch({ ...options, headersTimeout: 0, bodyTimeout: 0 }, handler);
  },
};
