// A way for webhooks that loses some of them: it stands between Genwarden and a receiver, and counts every delivery.

import { createServer, type IncomingHttpHeaders } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

export interface Delivery {
  readonly id: string;
  /** 1 for the first one with this id. */
  readonly attempt: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
  readonly status: number;
}

/** `lose`: 500 instead of the receiver, which never sees it. `forget`: 500 after the receiver has had it. */
export type Treatment = 'pass' | 'lose' | 'forget';

export interface Relay {
  readonly url: string;
  /** In the order of their ends. */
  readonly deliveries: readonly Delivery[];
  /** Where deliveries go from now on. A receiver that does not answer is a 502. */
  to(receiver: string): void;
}

/** Ends with the test. `treat` decides about a delivery by the number of its event, from 0, and the attempt, from 1. */
export async function startRelay(treat: (event: number, attempt: number) => Treatment): Promise<Relay> {
  const attempts = new Map<string, number>();
  const deliveries: Delivery[] = [];
  let receiver = '';
  const server = createServer((request, response) => {
    const handle = async (): Promise<number> => {
      const body = await buffer(request);
      const headers = webhookHeaders(request.headers);
      const id = headers['webhook-id']!;
      const attempt = (attempts.get(id) ?? 0) + 1;
      attempts.set(id, attempt);
      const treatment = treat([...attempts.keys()].indexOf(id), attempt);
      const answered = treatment === 'lose' ? 500 : await forward(receiver, headers, body);
      const status = treatment === 'pass' ? answered : 500;
      deliveries.push({ id, attempt, headers, body, status });
      return status;
    };
    // Without it, each failure would make the test wait for two seconds and more.
    void handle().then((status) => response.writeHead(status, { 'retry-after': '0' }).end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/hook`, deliveries, to: (url) => void (receiver = url) };
}

const webhookHeaders = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (name.startsWith('webhook-') ? [[name, String(value)]] : [])),
  );

async function forward(receiver: string, headers: Record<string, string>, body: Buffer): Promise<number> {
  try {
    return (await fetch(receiver, { method: 'POST', headers, body })).status;
  } catch {
    return 502;
  }
}
