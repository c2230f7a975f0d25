// A TCP proxy that can drop all bytes without closing connections, as a dead router does.

import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface TcpProxy {
  readonly port: number;
  readonly url: string;
  /** Drops every byte of the present connections from now on, and of new ones until `heal`. */
  swallow(): void;
  /** Lets new connections through; the silent ones stay silent. */
  heal(): void;
  /** Closes every connection, as a restarted router does; lets new ones through. */
  cut(): void;
}

/** Ends with the test. */
export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const deaf = new WeakSet<Socket>();
  let swallowing = false;
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    if (swallowing) deaf.add(near);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes) => void (deaf.has(near) || to.write(bytes)));
      from.on('error', () => from.destroy());
      from.on('close', () => {
        sockets.delete(from);
        if (!deaf.has(near)) to.destroy();
      });
    }
    near.on('close', () => far.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => close(server, sockets));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `nats://127.0.0.1:${port}`,
    swallow: () => {
      swallowing = true;
      for (const socket of sockets) deaf.add(socket);
    },
    heal: () => void (swallowing = false),
    cut: () => sockets.forEach((socket) => socket.destroy()),
  };
}

async function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
}
