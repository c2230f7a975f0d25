// The API's HTTP listener. It opens before NATS is reachable, so that a port in use fails immediately with a clear
// message, and probes are answered while the API waits for NATS.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { expectContinue } from '../api/expectContinue.ts';
import { GenwardenError } from '../job/errors/index.ts';
import { connectionTimes } from '../telemetry/connections.ts';
import { listenError, listenHost } from '../telemetry/server.ts';
import { answerBrokenRequest, sendRawProblem, writeProblem } from './rawProblems.ts';
import { endSlowBody, type BodyPace } from './slowBodies.ts';

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
  /** Of idle connections, ms; default 75 s. */
  readonly keepAliveMs?: number;
  /** Tests lower them. */
  readonly times?: { readonly headersTimeout: number; readonly connectionsCheckingInterval: number };
  readonly bodyPace?: BodyPace;
}

/** Throws `PortInUse` if another program has the port. */
export async function openListener(at: ListenerOptions): Promise<Listener> {
  let handler: Handler = (request, response) => answerNotReady(at.corsOrigins ?? [], request, response);
  const server = serverFor({ ...at, handle: (request, response) => handler(request, response) });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, at, 'GENWARDEN_HTTP_PORT')));
    server.listen(at.port, listenHost(at.host), resolve);
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

function serverFor({ keepAliveMs, times, bodyPace, handle }: ListenerOptions & { readonly handle: Handler }): Server {
  // The handler looks at Host itself, so that its absence is answered like every other problem.
  const server = createServer({ ...connectionTimes(keepAliveMs), ...times, requireHostHeader: false });
  // Their size has a limit. More than 2,000 would be dropped in silence.
  server.maxHeadersCount = 0;
  const accept: Handler = (request, response) => {
    endSlowBody(request, response, bodyPace);
    handle(request, response);
  };
  server.on('request', accept);
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    expectContinue(request);
    accept(request, response);
  });
  server.on('checkExpectation', ({ headers }: IncomingMessage, response: ServerResponse) => {
    const message = `The API does not know Expect: ${headers.expect}`;
    writeProblem(response, new GenwardenError('ExpectationFailed', message));
  });
  server.on('connect', (_request, socket: Socket) => {
    const error = new GenwardenError('MethodNotAllowed', 'The API is no proxy: it has no method CONNECT');
    sendRawProblem(socket, error, { allow: 'DELETE, GET, HEAD, OPTIONS, POST' });
  });
  server.on('clientError', answerBrokenRequest);
  return server;
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
  writeProblem(response, new GenwardenError('NotReady', 'The API is waiting for NATS.'), { 'retry-after': '2' });
}

/** The answer to a preflight. Browsers keep it for five seconds, the default. */
function allowRequest(response: ServerResponse, requestedHeaders: string | undefined): void {
  const methods = { 'access-control-allow-methods': 'GET, HEAD, POST, DELETE' };
  const headers = requestedHeaders === undefined ? {} : { 'access-control-allow-headers': requestedHeaders };
  response.writeHead(204, { ...methods, ...headers }).end();
}
