// Free ports of this machine, for servers that must know their port, or keep it over a restart.
import { createServer, type AddressInfo } from 'node:net';

/** All different, since they are held at the same time. Another process may take one before the caller does. */
export async function freePorts(count: number): Promise<number[]> {
  const held = await Promise.all(
    Array.from({ length: count }, async () => {
      const holder = createServer();
      await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
      return holder;
    }),
  );
  const ports = held.map((holder) => (holder.address() as AddressInfo).port);
  await Promise.all(held.map((holder) => new Promise((resolve) => holder.close(resolve))));
  return ports;
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port!;
}
