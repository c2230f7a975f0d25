// Ends requests whose body stops arriving, so that slow clients do not hold memory and connections. A long upload that continues may take
// as long as it needs.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { awaitsContinue } from '../api/expectContinue.ts';
import { hasBody } from '../api/bodyForm.ts';
import { GenwardenError } from '../job/errors/index.ts';

export interface BodyPace {
  /** ms. */
  readonly everyMs: number;
  /** Bytes that must arrive in each such time until the body is complete. */
  readonly bytes: number;
}

const defaultPace: BodyPace = { everyMs: 20_000, bytes: 16 * 1024 };

/** Bytes of a refused body that are dropped: a client that is cut off while it sends may not read the refusal. */
const mostUnread = 128 * 1024 * 1024;

/** A request that is still unanswered gets a 408 from its handler; otherwise its connection is closed. */
export function endSlowBody(request: IncomingMessage, response: ServerResponse, pace: BodyPace = defaultPace): void {
  if (!hasBody(request)) return;
  const { socket } = request;
  const start = socket.bytesRead;
  let before = start;
  const look = (): void => {
    const arrived = socket.bytesRead - before;
    before = socket.bytesRead;
    if (request.complete) return stop();
    const isRefused = response.headersSent;
    const isEndless = isRefused && socket.bytesRead - start > mostUnread;
    if (!isEndless && (arrived >= pace.bytes || waitsForServer(request, response))) return;
    stop();
    const message = `The body arrived too slowly: ${arrived} bytes in ${pace.everyMs / 1_000} s`;
    // The parser of the body listens.
    if (isRefused) socket.destroy();
    else request.emit('error', new GenwardenError('RequestTimeout', message));
  };
  const timer = setInterval(look, pace.everyMs).unref();
  const stop = (): void => clearInterval(timer);
  request.once('close', stop);
}

/** The client sends nothing because the server has not read what there is, or has not asked for the body yet. */
function waitsForServer(request: IncomingMessage, response: ServerResponse): boolean {
  if (awaitsContinue(request) || request.readableLength > 0) return true;
  return !response.headersSent && request.listenerCount('error') === 0;
}
