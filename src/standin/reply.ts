// Sends a reply as its behaviour says: completely, in pieces, cut in the middle, or never finished.

import type { ServerResponse } from 'node:http';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Behaviour } from './behaviour.ts';
import { pieceCount } from './writing.ts';

export interface Reply {
  status: number;
  contentType: string;
  headers?: Readonly<Record<string, string>>;
  body: Buffer;
  /** `half`: half of it, then a cut; `stalled`: half of it, then silence; `never`: silence; `drop`: an immediate cut. */
  delivery: 'whole' | 'half' | 'stalled' | 'never' | 'drop' | Drip;
}

interface Drip {
  pieces: number;
  everyMs: number;
}

/** The bodies of one dialect. Both throw the dialect's errors. */
export interface Bodies {
  /** For every behaviour that is not about the delivery. */
  ordinary: () => Promise<Reply>;
  raw: (behaviour: Extract<Behaviour, { kind: 'raw' }>) => Promise<Pick<Reply, 'status' | 'headers' | 'body'>>;
}

/** The reply with the delivery that the behaviour asks for. */
export async function delivered(behaviour: Behaviour, { ordinary, raw }: Bodies): Promise<Reply> {
  switch (behaviour.kind) {
    case 'hang':
      return { ...nothing, delivery: 'never' };
    case 'drop':
      return { ...nothing, delivery: 'drop' };
    case 'nonsense':
      return { ...nothing, body: Buffer.from('<html><body>Not what you hoped for</body></html>'), delivery: 'whole' };
    case 'redirect': {
      const { status = 302, location = 'http://other-host.invalid/' } = behaviour;
      return { ...nothing, status, headers: { location }, delivery: 'whole' };
    }
    case 'raw':
      return { contentType: json, delivery: 'whole', ...(await raw(behaviour)) };
    case 'drip': {
      const { pieces = 20, everyMs = 50 } = behaviour;
      return { ...(await ordinary()), delivery: { pieces, everyMs } };
    }
    case 'write': {
      const { characters, everyMs = 0 } = behaviour;
      const reply = await ordinary();
      return everyMs === 0 ? reply : { ...reply, delivery: { pieces: pieceCount(characters), everyMs } };
    }
    case 'cut-body':
      return { ...(await ordinary()), delivery: 'half' };
    case 'stall':
      return { ...(await ordinary()), delivery: 'stalled' };
    default:
      return await ordinary();
  }
}

export function jsonReply(status: number, value: unknown): Reply {
  return { status, contentType: json, body: Buffer.from(`${JSON.stringify(value)}\n`), delivery: 'whole' };
}

export const json = 'application/json; charset=UTF-8';

/** The prompt without the markers for the stand-in, as the caption shows it. */
export function withoutMarkers(prompt: string): string {
  return prompt.replace(/\s*\[standin:[^\]]*\]/gi, '');
}

/** The server's end of one exchange. */
export interface Line {
  response: ServerResponse;
  /** Fires when the connection ends before the answer was sent. */
  signal: AbortSignal;
  /** Whether it was the stand-in that ended it. */
  isCut: boolean;
}

/** Resolves when the reply is sent or cut, or the client has disconnected; never rejects because of a disconnect. */
export async function deliver(reply: Reply, line: Line): Promise<void> {
  const { response, signal } = line;
  if (signal.aborted) return;
  if (reply.delivery === 'never') return await untilDisconnected(signal);
  if (reply.delivery === 'drop') return cut(line);
  const fixed = { 'content-type': reply.contentType, 'content-length': reply.body.length };
  response.writeHead(reply.status, { ...fixed, ...reply.headers });
  if (typeof reply.delivery === 'object') return await drip(reply.body, reply.delivery, line);
  if (reply.delivery === 'whole') return void response.end(reply.body);
  response.write(reply.body.subarray(0, Math.floor(reply.body.length / 2)), () => {
    if (reply.delivery === 'half') cut(line);
  });
  await untilDisconnected(signal);
}

async function drip(body: Buffer, { pieces, everyMs }: Drip, { response, signal }: Line): Promise<void> {
  const size = Math.max(1, Math.ceil(body.length / pieces));
  for (let at = 0; at < body.length; at += size) {
    if (signal.aborted) return;
    response.write(body.subarray(at, at + size));
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
  }
  response.end();
}

const nothing = { status: 200, contentType: 'text/html; charset=UTF-8', body: Buffer.alloc(0) };

function cut(line: Line): void {
  line.isCut = true;
  line.response.destroy();
}

async function untilDisconnected(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
