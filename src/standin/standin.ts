// The stand-in of providers: an HTTP server that speaks the interfaces of Gemini and OpenAI, draws real pictures, and misbehaves on
// demand.

import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { once } from 'node:events';
import { Service } from './service.ts';
import type { Behaviour } from './behaviour.ts';
import type { StandinRequest } from './requestLog.ts';

export type { Behaviour } from './behaviour.ts';
export type { StandinRequest } from './requestLog.ts';
export { keyFingerprint } from './service.ts';

export interface StandinOptions {
  /** Default 127.0.0.1. */
  host?: string;
  /** Default 0: any free one. */
  port?: number;
  /** How long an answer takes unless its behaviour specifies a latency, ms. Default 0. */
  latencyMs?: number;
  /** If given, any other key is refused (400 API_KEY_INVALID, or 401). */
  keys?: readonly string[];
  /** Receives one line for each request that ended. */
  log?: (line: string) => void;
}

export interface Standin {
  /** Pass it to Gemini's SDK as `httpOptions.baseUrl`, and with `/v1` to OpenAI's as `baseURL`. */
  url: string;
  port: number;
  /** The last 2,000 generate requests, newest last. Live: entries change when their request ends. */
  readonly requests: readonly StandinRequest[];
  /** Sets the behaviour for requests without a marker once the script has ended; undefined restores ordinary answers. */
  behave(behaviour: Behaviour | undefined): void;
  /** Like `behave`, for requests with this key only; takes precedence over it. */
  behaveForKey(key: string, behaviour: Behaviour | undefined): void;
  /** Like `behave`, for requests for this model only, or only those with this key. A behaviour of the key precedes that of a model. */
  behaveForModel(model: string, behaviour: Behaviour | undefined, key?: string): void;
  /** Sets the behaviours of the next requests without a marker, in order; replaces the rest of an earlier script. */
  script(list: readonly Behaviour[]): void;
  inFlight(): number;
  maxInFlight(): number;
  /** Resolves as soon as `predicate` holds for `requests`; rejects after `timeoutMs`. */
  waitFor(predicate: (requests: readonly StandinRequest[]) => boolean, timeoutMs: number): Promise<void>;
  /** Cuts every connection; resolves when the server is closed. */
  close(): Promise<void>;
}

/** Rejects if the server cannot listen on the address. */
export async function startStandin(options: StandinOptions = {}): Promise<Standin> {
  const { host = '127.0.0.1', latencyMs = 0, keys, log = () => undefined } = options;
  const service = new Service({ latencyMs, keys, log });
  const running = new Set<Promise<void>>();
  const server = createServer({ keepAliveTimeout: 75_000, headersTimeout: 80_000 }, (request, response) => {
    const handled = service.handle(request, response).finally(() => running.delete(handled));
    running.add(handled);
  });
  // Without a host, Node.js listens on `::`, or on `0.0.0.0` where the kernel has no IPv6.
  server.listen(options.port ?? 0, host === '::' ? undefined : host);
  await once(server, 'listening');
  const port = portOf(server);
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    requests: service.log.requests,
    behave: (behaviour) => service.choice.setDefault(behaviour),
    behaveForKey: (key, behaviour) => service.choice.setFor({ key }, behaviour),
    behaveForModel: (model, behaviour, key) => service.choice.setFor({ key, model }, behaviour),
    script: (list) => service.choice.setScript(list),
    inFlight: () => service.log.counts.inFlight,
    maxInFlight: () => service.log.counts.maxInFlight,
    waitFor: (predicate, timeoutMs) => service.log.waitFor(predicate, timeoutMs),
    close: () => close(server, running),
  };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the stand-in listens on no port');
  return address.port;
}

async function close(server: Server, running: ReadonlySet<Promise<void>>): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
  await Promise.allSettled(running);
}
