// Sends requests to the API with its address and token, ends those that hang, and throws its errors.

import { connectionError, errorOf, GenwardenApiError, GenwardenConnectionError } from './error.ts';
import { jsonText } from './exactJson.ts';
import { withRetries } from './retry.ts';
import { Silence } from './silence.ts';

export interface ClientOptions {
  /** The API's address, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Bearer token; a function is called for each request, so that a token can be replaced before it expires. */
  readonly token?: string | (() => string | Promise<string>) | undefined;
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** A connection on which nothing arrives for so long is closed, ms; default 60 s. Uploads get more time by their size. */
  readonly timeoutMs?: number | undefined;
  /** The default of `giveUpAfterMs` of every call, ms. */
  readonly giveUpAfterMs?: number | undefined;
}

export interface CallOptions {
  /** Ends the call, which then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** How long to retry while the API does not answer, ms; 0: one try. Default 30 s; 5 minutes for calls that follow a job. */
  readonly giveUpAfterMs?: number | undefined;
}

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly query?: Record<string, string | readonly string[] | undefined>;
  readonly headers?: Record<string, string | undefined>;
  /** Sent as JSON, unless it is bytes. */
  readonly body?: unknown;
}

/** A response whose body has not been read yet. Its reader calls `heard` for each piece, and `end` when it needs no more. */
export interface OpenResponse {
  readonly response: Response;
  readonly silence: Silence;
}

/** ms. */
const defaults = { silence: 60_000, giveUpAfter: 30_000, giveUpFollowingAfter: 300_000 };
/** Bytes per ms that even a slow connection sends: 32 KiB a second. */
const slowestUpload = 32.768;

export class Requests {
  /** ms. */
  readonly timeoutMs: number;
  readonly #base: string;
  readonly #options: ClientOptions;

  /** Throws `TypeError` for an address that is none. */
  constructor(options: ClientOptions) {
    if (!/^https?:$/.test(new URL(options.url).protocol)) throw new TypeError(`Not an http address: ${options.url}`);
    this.#base = options.url.replace(/\/+$/, '');
    this.#options = options;
    this.timeoutMs = options.timeoutMs ?? defaults.silence;
  }

  /** ms. `following`: for a call that follows a job through restarts of the API. */
  giveUpAfter({ giveUpAfterMs }: CallOptions, following = false): number {
    const usual = following ? defaults.giveUpFollowingAfter : defaults.giveUpAfter;
    return giveUpAfterMs ?? this.#options.giveUpAfterMs ?? usual;
  }

  /** The JSON of the answer; retries what may be repeated. `repeatable`: default for a GET. */
  json<T>(
    request: ApiRequest,
    options: CallOptions = {},
    { repeatable = request.method === 'GET' }: { readonly repeatable?: boolean } = {},
  ): Promise<T> {
    const rule = { signal: options.signal, giveUpAfterMs: this.giveUpAfter(options), repeatable };
    return withRetries(() => this.#jsonOnce<T>(request, options.signal), rule);
  }

  /** Like `json`, for a call whose second try is refused with `code` if the first one, whose answer was lost, was carried out. */
  again<T>(request: ApiRequest, options: CallOptions, code: string, done: () => Promise<T>): Promise<T> {
    const { signal } = options;
    return withRetries(
      async (applied) => {
        try {
          return await this.#jsonOnce<T>(request, signal);
        } catch (error) {
          if (error instanceof GenwardenApiError && error.code === code && applied) return done();
          throw error;
        }
      },
      { signal, giveUpAfterMs: this.giveUpAfter(options), repeatable: true },
    );
  }

  /** Undefined for an answer without content. */
  async #jsonOnce<T>(request: ApiRequest, signal: AbortSignal | undefined): Promise<T> {
    const opened = await this.open(request, signal);
    const { response } = opened;
    const body = async () => (response.status === 204 ? undefined : await response.json()) as T;
    return this.read(request, opened, signal, body);
  }

  /** Reads the body of a response as a whole, and closes the connection. */
  async read<T>(
    { method }: ApiRequest,
    { response, silence }: OpenResponse,
    signal: AbortSignal | undefined,
    body: () => Promise<T>,
  ): Promise<T> {
    try {
      return await body();
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof SyntaxError) throw notJson(response);
      throw this.#lost(error, silence, method !== 'GET');
    } finally {
      silence.end();
    }
  }

  /** One try. Throws `GenwardenApiError` and `GenwardenConnectionError`. `limit`: of the silence, ms. */
  async open(request: ApiRequest, signal: AbortSignal | undefined, limit = this.timeoutMs): Promise<OpenResponse> {
    signal?.throwIfAborted();
    const { method, path, query = {} } = request;
    const { fetch = globalThis.fetch } = this.#options;
    const { body, headers, bytes } = await this.#contentOf(request);
    const silence = new Silence(limit, signal);
    silence.heard(limit + bytes / slowestUpload);
    try {
      const url = `${this.#base}${path}${queryText(query)}`;
      const response = await fetch(url, {
        method,
        headers,
        signal: silence.signal,
        ...(body === undefined ? {} : { body }),
      });
      silence.heard();
      if (response.ok || response.status === 304) return { response, silence };
      throw await errorOf(response, method !== 'GET');
    } catch (error) {
      silence.end();
      if (error instanceof GenwardenApiError) throw error;
      signal?.throwIfAborted();
      throw this.#lost(error, silence, method !== 'GET');
    }
  }

  async #contentOf({ headers = {}, body }: ApiRequest) {
    const { token } = this.#options;
    const bearer = typeof token === 'function' ? await token() : token;
    const isBytes = body instanceof Uint8Array || body instanceof Blob;
    const content = isBytes
      ? (body as Uint8Array<ArrayBuffer> | Blob)
      : body === undefined
        ? undefined
        : jsonText(body);
    const bytes = content === undefined ? 0 : content instanceof Blob ? content.size : content.length;
    const sent = defined({
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...(body === undefined || isBytes ? {} : { 'content-type': 'application/json' }),
      ...headers,
    });
    return { body: content, bytes, headers: sent };
  }

  /** The error for a connection that failed with `thrown`, or was closed because nothing arrived. */
  #lost(thrown: unknown, silence: Silence, changes: boolean): GenwardenConnectionError {
    if (!silence.expired) return connectionError(this.#base, thrown, changes);
    const reason = `nothing arrived for ${Math.round(silence.limit / 1_000)} s`;
    return new GenwardenConnectionError({ where: this.#base, reason, code: 'Timeout', mayHaveApplied: changes });
  }
}

function queryText(query: NonNullable<ApiRequest['query']>): string {
  const all = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    for (const each of value === undefined ? [] : [value].flat()) all.append(key, each);
  }
  const text = all.toString();
  return text === '' ? '' : `?${text}`;
}

const defined = (headers: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined));

/** For an answer that no API gives, but a proxy or a page may. */
export function unexpected({ url, status, statusText }: Response, what: string): GenwardenApiError {
  const hint = 'Check that the address is that of a Genwarden API, and that no proxy changes its answers.';
  return new GenwardenApiError({ status, code: 'Unknown', title: statusText, detail: `${url} answered ${what}`, hint });
}

const notJson = (response: Response): GenwardenApiError => unexpected(response, `${response.status} without JSON`);
