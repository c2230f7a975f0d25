// An HTTP proxy in front of a server on a Unix socket. It passes everything on unchanged, and can refuse connections, swallow
// requests, or answer them itself.

import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface Fault {
  /** `refuse`: closes connections. `silence`: never answers. A number: waits that long, ms, and passes on. */
  readonly how: 'refuse' | 'silence' | number | Answer;
  /** Which requests; default: all. */
  readonly when?: (method: string, path: string) => boolean;
}

export interface Answer {
  readonly status: number;
  /** The code in the body, as S3 gives it. */
  readonly code: string;
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface FaultProxy {
  readonly url: string;
  /** Until the next call; undefined: none. */
  fail(fault: Fault | undefined): void;
  /** Every request since the start: method and path without the query. */
  readonly requests: readonly string[];
  /** How many requests the fault has met. */
  readonly failed: number;
  close(): Promise<void>;
}

export async function startFaultProxy(socketPath: string): Promise<FaultProxy> {
  let fault: Fault | undefined;
  let failed = 0;
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((from, to) => {
    const [path = ''] = (from.url ?? '').split('?');
    requests.push(`${from.method} ${path}`);
    const met = fault !== undefined && (fault.when?.(from.method ?? '', path) ?? true) ? fault : undefined;
    if (met === undefined) return passOn(socketPath, from, to);
    failed += 1;
    if (met.how === 'refuse') return void from.socket.destroy();
    if (met.how === 'silence') return void from.resume();
    if (typeof met.how === 'number') return void setTimeout(() => passOn(socketPath, from, to), met.how);
    return answer(met.how, from, to);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
  });
  server.requestTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fail: (next) => void (fault = next),
    requests,
    get failed() {
      return failed;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function passOn(socketPath: string, from: IncomingMessage, to: ServerResponse): void {
  const { method, url: path, rawHeaders } = from;
  const onward = request({ socketPath, method, path, headers: headersOf(rawHeaders) }, (answered) => {
    to.writeHead(answered.statusCode ?? 502, answered.rawHeaders);
    answered.on('error', () => to.destroy()).pipe(to);
  });
  onward.on('error', () => to.destroy());
  to.on('close', () => onward.destroy());
  from.on('error', () => onward.destroy()).pipe(onward);
}

/** As they are: signatures cover them. */
function headersOf(raw: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let at = 0; at < raw.length; at += 2) headers[raw[at]!] = raw[at + 1]!;
  return headers;
}

function answer(
  { status, code, message = code, headers = {} }: Answer,
  from: IncomingMessage,
  to: ServerResponse,
): void {
  // A client that still sends would see a reset instead of the answer.
  from.resume().on('end', () => {
    to.writeHead(status, { 'content-type': 'application/xml', ...headers });
    const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
    to.end(from.method === 'HEAD' ? undefined : body);
  });
}
