// Clients that ask before they send a body (`Expect: 100-continue`): they are told to send it only if nothing refuses the request.

import type { IncomingMessage, ServerResponse } from 'node:http';

const waiting = new WeakSet<IncomingMessage>();

/** The client of the request waits before it sends the body. */
export const expectContinue = (request: IncomingMessage): void => void waiting.add(request);

export const awaitsContinue = (request: IncomingMessage): boolean => waiting.has(request);

/** Right before the body is read. */
export function letContinue(request: IncomingMessage, response: ServerResponse): void {
  if (waiting.delete(request)) response.writeContinue();
}
