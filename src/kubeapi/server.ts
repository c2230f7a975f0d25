// The TLS listener of the aggregated API. Certificate and front proxy can change while it listens.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { TLSSocket } from 'node:tls';
import type { FrontProxy, ServingCertificate } from '../ports/apiDelegation.ts';
import type { KubeAnswer } from './context.ts';
import { userOf, type PeerCertificate } from './frontProxy.ts';
import type { Handle } from './handler.ts';
import { StatusError } from './status.ts';

export interface Identity {
  readonly serving: ServingCertificate;
  readonly proxy: FrontProxy;
}

export interface KubeApiServer {
  readonly port: number;
  /** For connections from now on. Throws if the certificate cannot be used. */
  change(identity: Identity): void;
  close(): Promise<void>;
}

/** Throws if the port is in use or the certificate cannot be used. */
export async function listen(
  handle: Handle,
  { host, port }: { readonly host: string; readonly port: number },
  first: Identity,
): Promise<KubeApiServer> {
  let identity = first;
  // Requests without the certificate are answered with 401, as Kubernetes clients expect.
  const server = createServer({ ...secrets(first), ...slowestClient, requestCert: true, rejectUnauthorized: false });
  // The API server keeps its connections open, and sends each user's requests over them.
  server.keepAliveTimeout = 120_000;
  server.on('request', (request, response) => {
    serve(handle, identity.proxy, request, response).catch(() => request.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    change: (next) => {
      server.setSecureContext(secrets(next));
      identity = next;
    },
    close: () => closed(server),
  };
}

/** ms: how long a client may take for the handshake, the headers and the whole request. A watch is a long answer. */
const slowestClient = {
  handshakeTimeout: 10_000,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
};

const secrets = ({ serving, proxy }: Identity) => ({
  cert: serving.certificate,
  key: serving.key,
  ca: proxy.clientCa,
  minVersion: 'TLSv1.2' as const,
});

async function serve(
  handle: Handle,
  proxy: FrontProxy,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const [path, query] = parts(request.url ?? '/');
  const user = userOf(proxy, peerOf(request.socket as TLSSocket), request.headersDistinct);
  // Nothing that a stranger sends is read.
  if (user === undefined) response.shouldKeepAlive = false;
  const answer = await handle({
    method: request.method ?? 'GET',
    path: decoded(path),
    query: new URLSearchParams(query),
    accept: request.headers.accept ?? '',
    user,
    body: () => textOf(request),
    signal: gone.signal,
  });
  await send(response, answer);
}

/** A request's target can be anything, such as `//` or `*`, which is no URL. */
function parts(target: string): readonly [path: string, query: string] {
  const at = target.indexOf('?');
  return at === -1 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)];
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

const peerOf = (socket: TLSSocket): PeerCertificate => {
  const { subject } = socket.getPeerCertificate();
  const name: string | string[] | undefined = subject?.CN;
  return { isTrusted: socket.authorized, commonName: Array.isArray(name) ? name[0] : name };
};

const maxBody = 65_536;

/** Throws `RequestEntityTooLarge`, and `BadRequest` if the body breaks off. */
async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maxBody) break;
      chunks.push(chunk);
    }
  } catch {
    throw new StatusError('BadRequest', 'the body broke off');
  }
  if (length <= maxBody) return Buffer.concat(chunks).toString('utf8');
  throw new StatusError('RequestEntityTooLarge', `the body is longer than ${maxBody} bytes`);
}

async function send(response: ServerResponse, { status, headers, body }: KubeAnswer): Promise<void> {
  response.writeHead(status, { 'cache-control': 'no-cache, private', ...headers });
  if (typeof body === 'string') {
    response.end(body);
    return;
  }
  // A watch without events has begun too.
  response.flushHeaders();
  // A client that goes away ends the body.
  await pipeline(Readable.from(body, { objectMode: true, highWaterMark: 1 }), response).catch(() => undefined);
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), 2_000).unref();
  });
}
