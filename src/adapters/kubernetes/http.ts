// The HTTP client for Kubernetes API servers that everything but port-forwards uses. It keeps connections open, limits how long
// an answer may take and turns every failure into a `KubeError`. The generated clients of client-node do none of this.

import { Agent, type IncomingMessage, request as httpRequest, type RequestOptions } from 'node:http';
import { Agent as TlsAgent, request as httpsRequest } from 'node:https';
import { KubeError } from '../../ports/kubernetes.ts';
import type { LabelledCounter } from './telemetry.ts';

/** An API server and how to authenticate to it. */
export interface KubeServer {
  readonly url: URL;
  /** True when a proxy leads to the server: then the agent in `requestOptions` makes the connections. */
  readonly viaProxy: boolean;
  /** TLS options and headers. Called for each request, because tokens in files and from programs are renewed. */
  requestOptions(): Promise<RequestOptions>;
}

export interface KubeHttpOptions {
  readonly server: KubeServer;
  /** Identifies this program in the API server's audit log. */
  readonly userAgent: string;
  /** How long an answer may take, ms. */
  readonly timeoutMs: number;
  /** The longest body that is read, bytes; default 256 MiB. */
  readonly maxBodyBytes?: number;
  /** Connections at the same time; requests beyond that wait, within their timeout. Default: no limit. */
  readonly maxConnections?: number;
  readonly requests?: LabelledCounter<'code' | 'method' | 'host'>;
}

/** Every request may be sent twice, so it must be idempotent. */
export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** Default: JSON. */
  readonly accept?: string;
  readonly contentType?: string;
  readonly body?: unknown;
  /** A bearer token to send in addition to the server's own request options. */
  readonly token?: string;
  /** Aborts the request, or the answer while it is being read. An aborted request is not counted. */
  readonly signal?: AbortSignal;
}

export class KubeHttp {
  readonly #options: KubeHttpOptions;
  readonly #agent: Agent;

  constructor(options: KubeHttpOptions) {
    this.#options = options;
    const { server, maxConnections = Infinity } = options;
    // The agent pools connections by their TLS options, so renewed client certificates get new connections.
    const agentOptions = { keepAlive: true, keepAliveMsecs: 30_000, maxFreeSockets: 16, maxSockets: maxConnections };
    this.#agent = server.url.protocol === 'https:' ? new TlsAgent(agentOptions) : new Agent(agentOptions);
  }

  get host(): string {
    return this.#options.server.url.host;
  }

  /** The JSON body of the answer; the timeout covers all of it. Throws `KubeError`. */
  request(request: KubeRequest): Promise<unknown> {
    return this.#withTimeout(this.#options.timeoutMs, async (timeout) => {
      const answer = await this.#open(request, timeout);
      try {
        return JSON.parse(await this.#textOf(answer)) as unknown;
      } catch (error) {
        throw this.#noAnswer(error, request, timeout);
      }
    });
  }

  /** The answer as a stream; the timeout covers its headers only. Throws `KubeError`. */
  stream(request: KubeRequest, timeoutMs = this.#options.timeoutMs): Promise<IncomingMessage> {
    return this.#withTimeout(timeoutMs, (timeout) => this.#open(request, timeout));
  }

  /** Breaks off the requests in progress. */
  close(): void {
    this.#agent.destroy();
  }

  async #withTimeout<T>(timeoutMs: number, work: (timeout: AbortSignal) => Promise<T>): Promise<T> {
    const timeout = new AbortController();
    const timer = timeoutMs === Infinity ? undefined : setTimeout(() => timeout.abort(), timeoutMs);
    try {
      return await work(timeout.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  async #open(request: KubeRequest, timeout: AbortSignal): Promise<IncomingMessage> {
    try {
      const signal = request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal]);
      const answer = await this.#sendTwice(request, signal);
      this.#count(request.method, String(answer.statusCode));
      if (answer.statusCode! >= 300) throw errorOf(answer.statusCode!, await this.#textOf(answer).catch(() => ''));
      return answer;
    } catch (error) {
      if (error instanceof KubeError) throw error;
      if (request.signal?.aborted !== true) this.#count(request.method, '0');
      throw this.#noAnswer(error, request, timeout);
    }
  }

  /** The server may just have closed the kept connection that the request is sent on: then it is sent again on a new one. */
  async #sendTwice(request: KubeRequest, signal: AbortSignal): Promise<IncomingMessage> {
    try {
      return await this.#send(request, signal);
    } catch (error) {
      if (!(error instanceof StaleConnection)) throw error;
      return this.#send(request, signal);
    }
  }

  async #send(request: KubeRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const { server, userAgent } = this.#options;
    const { method, path, body, contentType, token, accept = 'application/json, */*' } = request;
    const options = await server.requestOptions();
    const text = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = {
      ...(options.headers as Record<string, string> | undefined),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      accept,
      'user-agent': userAgent,
      ...(text === undefined ? {} : { 'content-type': contentType, 'content-length': text.length }),
    };
    const agent = server.viaProxy ? options.agent : this.#agent;
    const url = new URL(server.url.pathname.replace(/\/+$/, '') + path, server.url);
    const start = url.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const sent = start(url, { ...options, method, headers, agent, signal }, resolve);
      sent.on('error', (error: NodeJS.ErrnoException) => {
        const stale = sent.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        reject(stale && !signal.aborted ? new StaleConnection('stale', { cause: error }) : error);
      });
      sent.end(text);
    });
  }

  /** The whole body; throws when it is incomplete or too long. */
  async #textOf(answer: IncomingMessage): Promise<string> {
    const { maxBodyBytes = 256 * 1_048_576 } = this.#options;
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maxBodyBytes) throw new Error(`the answer is longer than ${maxBodyBytes} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  #noAnswer(error: unknown, { method, path }: KubeRequest, timeout: AbortSignal): KubeError {
    if (error instanceof KubeError) return error;
    // Idle connections to the same server may be just as dead as this one.
    for (const sockets of Object.values(this.#agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
    const why = timeout.aborted ? `no answer within ${this.#options.timeoutMs} ms` : messageOf(error);
    const reason = timeout.aborted ? 'Timeout' : 'Unreachable';
    return new KubeError(0, reason, `${method} ${path.split('?')[0]} at ${this.host}: ${why}`, { cause: error });
  }

  #count(method: string, code: string): void {
    this.#options.requests?.inc({ code, method, host: this.host });
  }
}

class StaleConnection extends Error {}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // The error of a host with several addresses has no message.
  return error.message || ((error as NodeJS.ErrnoException).code ?? error.name);
}

/**
 * The lines of an answer. Throws when the answer breaks off. A last line without a newline is part of the answer with
 * `atEnd: 'yield'`, and an error with `atEnd: 'throw'`. A reader that stops early closes the answer.
 */
export async function* linesOf(answer: IncomingMessage, atEnd: 'yield' | 'throw'): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of answer.setEncoding('utf8') as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest === '') return;
  if (atEnd === 'throw') throw new Error('the last line is incomplete');
  yield rest;
}

/** The API server answers errors with a `Status` object; a proxy on the way answers in its own format. */
export function errorOf(status: number, body: string): KubeError {
  const { reason, message } = statusIn(body);
  return new KubeError(
    status,
    reason ?? reasons[status] ?? 'Unknown',
    message ?? `HTTP ${status}: ${body.slice(0, 300)}`,
  );
}

const reasons: Readonly<Record<number, string>> = {
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  429: 'TooManyRequests',
};

function statusIn(body: string): { reason?: string; message?: string } {
  try {
    const { reason, message } = (JSON.parse(body) ?? {}) as Record<string, unknown>;
    return {
      ...(typeof reason === 'string' && reason !== '' ? { reason } : {}),
      ...(typeof message === 'string' ? { message } : {}),
    };
  } catch {
    return {};
  }
}
