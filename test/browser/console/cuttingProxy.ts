// Stands between the browser and the API, and breaks event streams: it cuts them, or lets them fall silent without closing them.

import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CuttingProxy extends AsyncDisposable {
  readonly url: string;
  /** Closes every event stream; refuses new ones until `heal`. Everything else passes. */
  cut(): void;
  /** From now on, event streams stay open and bring nothing, until `heal`; so do new ones. */
  silence(): void;
  /** Answers every request with a closed connection until `heal`, as an API that is gone does. */
  refuseAll(): void;
  /** Closes silent streams, and lets everything pass. */
  heal(): void;
  /** The `Last-Event-ID` of each event stream that was opened, oldest first. */
  readonly resumedFrom: readonly (string | undefined)[];
}

/** Its owner disposes it. */
export async function startCuttingProxy(api: string): Promise<CuttingProxy> {
  let mode: 'pass' | 'cut' | 'silent' | 'refuse' = 'pass';
  const streams = new Set<ServerResponse>();
  const resumedFrom: (string | undefined)[] = [];
  const server = createServer((from, to) => {
    const isStream = /^\/v1\/(?:jobs\/[^/]+\/)?events(?:\?|$)/.test(from.url ?? '');
    if (mode === 'refuse' || (mode === 'cut' && isStream)) return void from.socket.destroy();
    if (!isStream) return passOn(api, from, to, () => true);
    resumedFrom.push(from.headers['last-event-id'] as string | undefined);
    streams.add(to);
    to.on('close', () => streams.delete(to));
    return passOn(api, from, to, () => mode !== 'silent');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const closeStreams = (): void => streams.forEach((one) => one.destroy());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    resumedFrom,
    cut: () => {
      mode = 'cut';
      closeStreams();
    },
    silence: () => void (mode = 'silent'),
    refuseAll: () => {
      mode = 'refuse';
      closeStreams();
    },
    heal: () => {
      if (mode === 'silent') closeStreams();
      mode = 'pass';
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Drops what arrives while `passes` is false. */
function passOn(api: string, from: IncomingMessage, to: ServerResponse, passes: () => boolean): void {
  const { method, url: path = '', rawHeaders: headers } = from;
  const onward = send(new URL(path, api), { method, headers }, (answer) => {
    if (passes()) {
      to.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      to.flushHeaders();
    }
    answer.on('data', (bytes: Buffer) => {
      if (passes() && to.headersSent) to.write(bytes);
    });
    answer.on('end', () => to.end());
    answer.on('error', () => to.destroy());
  });
  onward.on('error', () => to.destroy());
  to.on('close', () => onward.destroy());
  from.pipe(onward);
}
