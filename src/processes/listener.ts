// The API's HTTP listener. It opens before NATS is reachable, so that a port in use fails immediately with a clear
// message, and probes are answered while the API waits for NATS.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { catalogue } from '../job/errors/index.ts';
import { listenError } from '../telemetry/server.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface Listener {
  readonly url: string;
  /** Passes all later requests to `handler`; earlier requests are answered with `NotReady`. */
  serve(handler: Handler): void;
  close(): Promise<void>;
}

interface ListenerOptions {
  readonly host: string;
  readonly port: number;
  /** Pages of these origins may read why there is no answer yet; default: none. */
  readonly corsOrigins?: readonly string[];
}

/** Throws `PortInUse` if another program has the port. */
export async function openListener(at: ListenerOptions): Promise<Listener> {
  let handler: Handler = (request, response) => answerNotReady(at.corsOrigins ?? [], request, response);
  const server = createServer((request, response) => handler(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, at, 'GENWARDEN_HTTP_PORT')));
    server.listen(at.port, at.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${at.host.includes(':') ? `[${at.host}]` : at.host}:${port}`,
    serve: (next) => (handler = next),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), 2_000).unref();
      }),
  };
}

function answerNotReady(
  corsOrigins: readonly string[],
  { url, method, headers: { origin = '', ...headers } }: IncomingMessage,
  response: ServerResponse,
): void {
  if (corsOrigins.includes(origin) || corsOrigins.includes('*')) {
    response.setHeader('access-control-allow-origin', origin === '' ? '*' : origin).setHeader('vary', 'Origin');
    response.setHeader('access-control-expose-headers', 'retry-after');
    if (method === 'OPTIONS') return allowRequest(response, headers['access-control-request-headers']);
  }
  if (url === '/healthz') {
    response.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n');
    return;
  }
  const { title, status, hint } = catalogue.NotReady;
  const body = { title, status, code: 'NotReady', detail: 'The API is waiting for NATS.', hint };
  response.writeHead(503, { 'content-type': 'application/problem+json', 'retry-after': '2' });
  response.end(JSON.stringify(body));
}

/** The answer to a preflight. Browsers keep it for five seconds, the default. */
function allowRequest(response: ServerResponse, requestedHeaders: string | undefined): void {
  const methods = { 'access-control-allow-methods': 'GET, HEAD, POST, DELETE' };
  const headers = requestedHeaders === undefined ? {} : { 'access-control-allow-headers': requestedHeaders };
  response.writeHead(204, { ...methods, ...headers }).end();
}
