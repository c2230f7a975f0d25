// Very many event streams in one process, read with as little work as possible, and one that is never read.

import { connect, type Socket } from 'node:net';
import type { Headers } from '../http/connection.ts';

export interface OpenStream extends Disposable {
  readonly isOpen: () => boolean;
}

/** A `task` event: `job.task`, and the moment of its arrival. */
export type OnTask = (key: string, at: number) => void;

/** Resolves with the first bytes of the answer, which must have status 200. `onTask` undefined: reads nothing after that. */
export async function openStream(
  url: string,
  path: string,
  headers: Headers,
  onTask: OnTask | undefined,
): Promise<OpenStream> {
  const { hostname, port, host } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  const fields = Object.entries({ host, accept: 'text/event-stream', ...headers });
  socket.write(`GET ${path} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
  let isOpen = true;
  socket.on('close', () => (isOpen = false));
  await firstBytes(socket, path);
  if (onTask === undefined) socket.pause();
  else read(socket, onTask);
  return { isOpen: () => isOpen, [Symbol.dispose]: () => void socket.destroy() };
}

function firstBytes(socket: Socket, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`${path}: the API closed the connection`)));
    socket.once('data', (chunk) => {
      const line = chunk.toString('latin1', 0, 40).split('\r\n')[0]!;
      if (line.includes(' 200 ')) resolve();
      else reject(new Error(`${path} answered ${line}`));
    });
  });
}

const taskEvent = /event: task\ndata: \{[^\n]*?"job":"([^"]+)","task":(\d+)[^\n]*\n\n/g;

function read(socket: Socket, onTask: OnTask): void {
  let rest = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    const at = performance.now();
    const text = rest + chunk.toString('latin1');
    let end = 0;
    for (const match of text.matchAll(taskEvent)) {
      onTask(`${match[1]}.${match[2]}`, at);
      end = match.index + match[0].length;
    }
    // What follows the last event may be the beginning of one, unless it ends as other events and comments do.
    rest = text.endsWith('\n\n\r\n') ? '' : text.slice(end);
  });
}
