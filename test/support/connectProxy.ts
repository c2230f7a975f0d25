// A proxy that asks for a login, for tests: it takes every host for the one it was given.

import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface ConnectProxy {
  /** With its login. */
  readonly url: string;
  readonly address: string;
  /** `host:port` of every CONNECT. */
  readonly targets: readonly string[];
  /** From now on, and for connections that are open. */
  behave(how: 'forward' | 'refuse' | 'hang' | 'drop'): void;
  close(): Promise<void>;
}

const login = { user: 'proxy-user', password: 'sesame%@:' };

/** Ends with the test. */
export async function startConnectProxy(port: number): Promise<ConnectProxy> {
  let behaviour: Parameters<ConnectProxy['behave']>[0] = 'forward';
  const targets: string[] = [];
  const sockets = new Set<Socket>();
  const expected = `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`;
  const server = createServer();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  server.on('connect', (request, client) => {
    targets.push(request.url ?? '');
    if (behaviour === 'hang') return;
    if (behaviour === 'drop') return void client.destroy();
    if (behaviour === 'refuse' || request.headers['proxy-authorization'] !== expected) {
      return void client.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n');
    }
    const upstream = connect(port, '127.0.0.1', () => client.write('HTTP/1.1 200 Connection established\r\n\r\n'));
    for (const [from, to] of [[client, upstream] as const, [upstream, client] as const]) {
      from.on('error', () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const dropAll = (): void => sockets.forEach((socket) => void socket.destroy());
  const close = (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    dropAll();
    return closed;
  };
  onTestFinished(close);
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${login.user}:${encodeURIComponent(login.password)}@${address}`,
    address,
    targets,
    behave: (how) => {
      behaviour = how;
      dropAll();
    },
    close,
  };
}
