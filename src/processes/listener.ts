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

/** Throws `PortInUse` if another program has the port. */
export async function openListener(at: { host: string; port: number }): Promise<Listener> {
  let handler: Handler = answerNotReady;
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

function answerNotReady(request: IncomingMessage, response: ServerResponse): void {
  if (request.url === '/healthz') {
    response.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n');
    return;
  }
  const { title, status, hint } = catalogue.NotReady;
  const body = { title, status, code: 'NotReady', detail: 'The API is waiting for NATS.', hint };
  response.writeHead(503, { 'content-type': 'application/problem+json', 'retry-after': '2' });
  response.end(JSON.stringify(body));
}
