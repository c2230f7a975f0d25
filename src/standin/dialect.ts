// What the stand-in needs to know of one provider's wire format: which requests are in it, its answers, and its errors.

import type { IncomingMessage } from 'node:http';
import type { Behaviour } from './behaviour.ts';
import type { Choice } from './choice.ts';
import type { Painter } from './picture.ts';
import type { Line, Reply } from './reply.ts';
import type { NewRequest, StandinRequest } from './requestLog.ts';

/** One HTTP request and the connection for its answer. */
export interface Exchange extends Line {
  readonly url: URL;
  readonly method: string;
  readonly request: IncomingMessage;
}

/** What a dialect uses of the server. */
export interface Desk {
  readonly choice: Choice;
  readonly painter: Painter;
  /** `missing` for an empty key, `unknown` for one that the server was not started with. */
  keyProblem(key: string): 'missing' | 'unknown' | undefined;
  /** Logs a call that generates something. The key is the client's. */
  begin(exchange: Exchange, key: string, call: NewRequest): StandinRequest;
  /** Waits for the latency of the behaviour, or until the client has disconnected. */
  takeTime(behaviour: Behaviour, signal: AbortSignal): Promise<void>;
}

export interface Dialect {
  /** Undefined for a request in another dialect. Rejects with an error for `errorReply`. */
  answer(exchange: Exchange, desk: Desk): Promise<Reply> | undefined;
  errorReply(error: unknown): Reply;
}

export class BodyTooLarge extends Error {}

/** Rejects with `BodyTooLarge`. `most` is bytes. */
export async function readBody(request: IncomingMessage, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > most) throw new BodyTooLarge(`Request payload size exceeds the limit: ${most} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
