// Requests to the Kubernetes API server over connections that are kept: credentials as `kubectl` finds them, a limit to
// each wait, and every failure a `KubeError`.

import { Agent, type IncomingMessage, request as httpRequest, type RequestOptions } from 'node:http';
import { Agent as TlsAgent, request as httpsRequest } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { GenwardenError } from '../../job/errors/index.ts';
import type { OperatorMetrics } from '../../telemetry/metrics.ts';
import { KubeError } from '../../ports/kubernetes.ts';

export interface KubeConnectionOptions {
  readonly config: KubeConfig;
  readonly metrics: Pick<OperatorMetrics, 'kubeRequests'>;
  /** Names this program in the API server's audit log. */
  readonly userAgent: string;
  /** How long an answer may take, ms. */
  readonly timeoutMs: number;
}

export interface KubeRequest {
  readonly method: 'GET' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly contentType?: string;
  readonly body?: unknown;
  /** Ends the request, and the answer while it is read; a request that is aborted so is not counted. */
  readonly signal?: AbortSignal;
}

/** An answer longer than this is none of ours, bytes. */
const mostBytes = 256 * 1_048_576;

export class KubeConnection {
  readonly #options: KubeConnectionOptions;
  readonly #server: URL;
  readonly #agent: Agent;

  /** Throws `InvalidConfiguration` where the configuration names no server. */
  constructor(options: KubeConnectionOptions) {
    this.#options = options;
    const server = options.config.getCurrentCluster()?.server;
    if (server === undefined || !URL.canParse(server)) {
      throw new GenwardenError('InvalidConfiguration', 'The Kubernetes configuration names no API server');
    }
    this.#server = new URL(server);
    // Its pool tells connections apart by their credentials, so that rotated ones get new connections.
    const kept = { keepAlive: true, keepAliveMsecs: 30_000, maxFreeSockets: 16 };
    this.#agent = this.#server.protocol === 'https:' ? new TlsAgent(kept) : new Agent(kept);
  }

  get host(): string {
    return this.#server.host;
  }

  /** The answer's JSON, all of it within the limit. Throws `KubeError`. */
  ask(request: KubeRequest): Promise<unknown> {
    return this.#within(async (limit) => {
      const answer = await this.#open(request, limit);
      try {
        return JSON.parse(await textOf(answer)) as unknown;
      } catch (error) {
        throw this.#unanswered(error, request, limit);
      }
    });
  }

  /** The answer from its head on: that comes within the limit, the rest may take its time. Throws `KubeError`. */
  open(request: KubeRequest): Promise<IncomingMessage> {
    return this.#within((limit) => this.#open(request, limit));
  }

  close(): void {
    this.#agent.destroy();
  }

  async #within<T>(work: (limit: AbortSignal) => Promise<T>): Promise<T> {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), this.#options.timeoutMs);
    try {
      return await work(limit.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  async #open(request: KubeRequest, limit: AbortSignal): Promise<IncomingMessage> {
    try {
      const signal = request.signal === undefined ? limit : AbortSignal.any([limit, request.signal]);
      const answer = await this.#sendTwice(request, signal);
      this.#count(request.method, String(answer.statusCode));
      if (answer.statusCode! >= 300) throw errorOf(answer.statusCode!, await textOf(answer).catch(() => ''));
      return answer;
    } catch (error) {
      if (error instanceof KubeError) throw error;
      if (request.signal?.aborted !== true) this.#count(request.method, '0');
      throw this.#unanswered(error, request, limit);
    }
  }

  /** A kept connection may have been closed by the other side just now: all our requests may be sent again. */
  async #sendTwice(request: KubeRequest, signal: AbortSignal): Promise<IncomingMessage> {
    try {
      return await this.#send(request, signal);
    } catch (error) {
      if (!(error instanceof StaleConnection)) throw error;
      return this.#send(request, signal);
    }
  }

  async #send({ method, path, body, contentType }: KubeRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const { options, headers: credentials } = await this.#credentials();
    const text = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = {
      ...credentials,
      accept: 'application/json',
      'user-agent': this.#options.userAgent,
      ...(text === undefined ? {} : { 'content-type': contentType, 'content-length': text.length }),
    };
    const url = new URL(this.#server.pathname.replace(/\/$/, '') + path, this.#server);
    const start = url.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const sent = start(url, { ...options, method, headers, signal }, resolve);
      sent.on('error', (error: NodeJS.ErrnoException) => {
        const stale = sent.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        reject(stale && !signal.aborted ? new StaleConnection('stale', { cause: error }) : error);
      });
      sent.end(text);
    });
  }

  /** Asked for each request: tokens in files and from programs are renewed. */
  async #credentials(): Promise<{ options: RequestOptions; headers: Record<string, string> }> {
    const { config } = this.#options;
    const options: RequestOptions = { headers: {} };
    try {
      await config.applyToHTTPSOptions(options);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new KubeError(0, 'NoCredentials', `The credentials for the API server cannot be had: ${why}`, {
        cause: error,
      });
    }
    // Only a proxy needs the library's own agent, which keeps no connections.
    const agent = config.getCurrentCluster()?.proxyUrl === undefined ? this.#agent : options.agent;
    return { options: { ...options, agent }, headers: options.headers as Record<string, string> };
  }

  #unanswered(error: unknown, { method, path }: KubeRequest, limit: AbortSignal): KubeError {
    if (error instanceof KubeError) return error;
    const { timeoutMs } = this.#options;
    // What waits in the pool may be as dead as this one was.
    for (const sockets of Object.values(this.#agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
    const why = limit.aborted
      ? `no answer within ${timeoutMs} ms`
      : error instanceof Error
        ? error.message
        : String(error);
    const reason = limit.aborted ? 'Timeout' : 'Unreachable';
    return new KubeError(0, reason, `${method} ${path.split('?')[0]} at ${this.host}: ${why}`, { cause: error });
  }

  #count(method: string, code: string): void {
    this.#options.metrics.kubeRequests.inc({ code, method, host: this.host });
  }
}

class StaleConnection extends Error {}

/** The whole body; throws where it breaks off or is too long. */
async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > mostBytes) throw new Error(`the answer is longer than ${mostBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The API server says what is wrong as a `Status` object; a proxy on the way says it in its own words. */
export function errorOf(status: number, body: string): KubeError {
  const { reason, message } = statusOf(body);
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

function statusOf(body: string): { reason?: string; message?: string } {
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
