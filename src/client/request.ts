// Sends requests to the API with its address and token, and throws its errors.

import { errorOf } from './error.ts';

export interface ClientOptions {
  /** The API's address, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Bearer token. */
  readonly token?: string | undefined;
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

export interface RequestOptions {
  readonly query?: Record<string, string | readonly string[] | undefined>;
  readonly headers?: Record<string, string | undefined>;
  /** Sent as JSON, unless it is bytes. */
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

export type Send = (method: 'GET' | 'POST' | 'DELETE', path: string, options?: RequestOptions) => Promise<Response>;

/** Throws `GenwardenApiError` for an error of the API, and the error of `fetch` if there is no answer. */
export function sender({ url, token, fetch = globalThis.fetch }: ClientOptions): Send {
  const base = url.replace(/\/+$/, '');
  return async (method, path, { query = {}, headers = {}, body, signal } = {}) => {
    const bytes = body instanceof Uint8Array || body instanceof Blob;
    const sent = bytes ? (body as Uint8Array<ArrayBuffer> | Blob) : JSON.stringify(body);
    const response = await fetch(`${base}${path}${queryText(query)}`, {
      method,
      headers: defined({
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined || bytes ? {} : { 'content-type': 'application/json' }),
        ...headers,
      }),
      ...(body === undefined ? {} : { body: sent }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (!response.ok && response.status !== 304) throw await errorOf(response);
    return response;
  };
}

function queryText(query: NonNullable<RequestOptions['query']>): string {
  const all = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    for (const each of value === undefined ? [] : [value].flat()) all.append(key, each);
  }
  const text = all.toString();
  return text === '' ? '' : `?${text}`;
}

const defined = (headers: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined));
