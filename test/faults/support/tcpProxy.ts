// A way to a server that can fall silent: nothing is closed and nothing gets through, as when a router dies.

import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface TcpProxy {
  readonly port: number;
  readonly url: string;
  /** From now on drops every byte of existing connections, permanently, and of new ones until `heal`. */
  swallow(): void;
  /** New connections get through; those that were swallowed stay so. */
  heal(): void;
  /** Closes every connection, as a restarted router does; new ones get through. */
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
