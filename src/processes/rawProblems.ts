// Problem documents for requests that no route answers: those that are not HTTP, and those that arrive before the API is ready.

import { randomBytes } from 'node:crypto';
import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { problemOf } from '../api/problem.ts';
import { GenwardenError } from '../job/errors/index.ts';

/** Closes the connection, because the rest of what it brings has no meaning. */
export function writeProblem(
  response: ServerResponse,
  error: GenwardenError,
  headers: Record<string, string> = {},
): void {
  const { status, body, ...own } = answerOf(error);
  response.writeHead(status, { ...own.headers, ...headers, connection: 'close' });
  response.end(body);
}

/** The same without a request that could be parsed. */
export function sendRawProblem(socket: Socket, error: GenwardenError, headers: Record<string, string> = {}): void {
  const { status, body, ...own } = answerOf(error);
  const all = { ...own.headers, ...headers, date: new Date().toUTCString(), connection: 'close' };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
  socket.destroySoon();
}

/** For `clientError` of a server: what Node.js could not read as a request. */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  const { _httpMessage: started } = socket as { _httpMessage?: ServerResponse | null };
  // A connection that never sent anything, as browsers open them in advance, closes without an answer to nothing.
  const isSilent = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && socket.bytesRead === 0;
  if (!socket.writable || isSilent || error.code === 'ECONNRESET' || started?.headersSent === true) {
    socket.destroy();
    return;
  }
  sendRawProblem(socket, problemOfParser(error));
}

/** Bytes. Most of a head that is longer is its target. */
const longTarget = 8 * 1024;

function problemOfParser(
  error: NodeJS.ErrnoException & { readonly reason?: string; readonly rawPacket?: Buffer },
): GenwardenError {
  const cause = { cause: error };
  switch (error.code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new GenwardenError('RequestTimeout', 'The request line and headers did not arrive in time', cause);
    case 'HPE_HEADER_OVERFLOW': {
      const target = /^[A-Z]+ (\S*)/.exec(error.rawPacket?.toString('latin1') ?? '')?.[1] ?? '';
      return target.length > longTarget
        ? new GenwardenError('UriTooLong', 'The URL and the headers are larger than 16 KiB together', cause)
        : new GenwardenError('HeadersTooLarge', 'The headers are larger than 16 KiB', cause);
    }
    default:
      return new GenwardenError(
        'MalformedRequest',
        `The request is not valid HTTP: ${error.reason ?? error.message}`,
        cause,
      );
  }
}

function answerOf(error: GenwardenError): { status: number; headers: Record<string, string>; body: string } {
  const requestId = randomBytes(9).toString('base64url');
  const problem = problemOf(error, requestId);
  const body = JSON.stringify(problem);
  const headers = {
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    'cache-control': 'no-store',
    'x-request-id': requestId,
  };
  return { status: problem.status, headers, body };
}
