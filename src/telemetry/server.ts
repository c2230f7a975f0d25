// The HTTP server of each process for Prometheus and Kubernetes: `/metrics`, `/healthz` and `/readyz`.

import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { GenwardenError } from '../job/errors/index.ts';
import { connectionTimes } from './connections.ts';
import { expose } from './exposition.ts';

export interface Readiness {
  readonly ready: boolean;
  /** Why the process is not ready; empty when it is. */
  readonly reasons: readonly string[];
  /** What a ready process cannot do at the moment. */
  readonly remarks?: readonly string[];
}

export interface TelemetryOptions {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly registry: Registry;
  /**
   * Called with each scrape by Prometheus, right before all values are read. The function that it returns is called when the
   * answer has been sent; not if the connection breaks before.
   */
  readonly scraped?: () => () => void;
  /** False or a reason if this process should be restarted. */
  readonly live: () => boolean | string;
  readonly ready: () => Promise<Readiness>;
}

export interface TelemetryServer {
  readonly port: number;
  /** `http://host:port`, without a slash at the end. */
  readonly url: string;
  /** Also closes open connections. */
  close(): Promise<void>;
}

/** Starts listening. Throws `PortInUse` if another program has the port. */
export async function startTelemetryServer(options: TelemetryOptions): Promise<TelemetryServer> {
  const server = createServer(connectionTimes(), (request, response) => {
    void answer(options, request, response);
  });
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return { port, url: `http://${host}:${port}`, close: () => close(server) };
}

/** For `::`, every address of this machine: Node.js takes `0.0.0.0` by itself where the kernel has no IPv6. */
export const listenHost = (host: string): string | undefined => (host === '::' ? undefined : host);

/**
 * `PortInUse`, with the setting that changes the port, if the port is taken; `InvalidConfiguration` for a port or an address that
 * this process can never listen on; other errors unchanged.
 */
export function listenError(error: NodeJS.ErrnoException, at: { host: string; port: number }, setting: string): Error {
  const never = neverListens(error, at, setting);
  if (never !== undefined) return new GenwardenError('InvalidConfiguration', never, { cause: error });
  if (error.code !== 'EADDRINUSE') return error;
  const message = `port ${at.port} on ${at.host} is in use by another program; set ${setting} to another port (0 picks a free one)`;
  return new GenwardenError('PortInUse', message, { cause: error, details: { ...at, setting } });
}

function neverListens(
  { code = '' }: NodeJS.ErrnoException,
  { host, port }: { host: string; port: number },
  setting: string,
): string | undefined {
  if (code === 'EACCES')
    return `${setting}=${port}: this user may not listen on port ${port}; ports above 1023 need no rights`;
  if (!['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN'].includes(code)) return undefined;
  return `${setting.replace('PORT', 'HOST')}=${host}: this machine has no such address`;
}

function listen(server: Server, { host, port }: TelemetryOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: Error) => reject(listenError(error, { host, port }, 'GENWARDEN_METRICS_PORT')));
    server.listen(port, listenHost(host), resolve);
  });
}

async function answer(options: TelemetryOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url = '' } = request;
  try {
    if (method !== 'GET' && method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return send(response, 405, 'text/plain', 'only GET is supported\n');
    }
    const page = pages[url.split('?')[0]!];
    if (page === undefined) return send(response, 404, 'text/plain', 'not found: use /metrics, /healthz or /readyz\n');
    const { status, type, body } = await page(options, request, response);
    send(response, status, type, body);
  } catch (error) {
    send(response, 500, 'text/plain', `${error instanceof Error ? error.message : String(error)}\n`);
  }
}

interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

type MakePage = (options: TelemetryOptions, request: IncomingMessage, response: ServerResponse) => Promise<Page>;

const pages: Readonly<Record<string, MakePage>> = {
  '/metrics': async ({ registry, scraped }, { headers }, response) => {
    // Only Prometheus sends this header; people and scripts that look at the page are not scrapes.
    if (scraped !== undefined && 'x-prometheus-scrape-timeout-seconds' in headers) response.once('finish', scraped());
    return { status: 200, ...(await expose(registry, headers.accept)) };
  },
  '/healthz': async ({ live }) => {
    const state = live();
    if (state === true) return { status: 200, type: 'text/plain', body: 'ok\n' };
    return { status: 503, type: 'text/plain', body: `${state === false ? 'not alive' : state}\n` };
  },
  '/readyz': async ({ ready }) => {
    const state = await ready();
    return { status: state.ready ? 200 : 503, type: 'application/json', body: `${JSON.stringify(state)}\n` };
  },
};

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  response.end(body);
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
