// Bounds the memory that large request bodies take: they share room, and a further one waits with its body unread.

import { Socket } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { WeightedSemaphore, type Release } from '../async/weightedSemaphore.ts';
import { GenwardenError } from '../job/errors/index.ts';
import { requestEnd } from './heldRequest.ts';
import type { Api, ApiContext } from './options.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The room that the body takes; null for a small one, and once it was released. */
    bodyRoom: Release | null;
  }
}

/** Bytes. A larger body is refused. */
export const bodyLimit = 25 * 1024 * 1024;

/** Bytes of memory for all large bodies together. */
const roomBytes = 128 * 1024 * 1024;
/** Bytes. Smaller bodies do not wait. */
const smallBody = 256 * 1024;
/** A body of JSON is in memory as text, as the text of its values, as their bytes, and once more while it is digested. */
const copiesOfJson = 4;
const bytesTypes = /^(?:image\/|application\/octet-stream)/i;
/** A client that sends nothing of a large body for so long gives its room to others, ms. */
const patience = 20_000;

/** Each large body enters before it is read, and leaves when its connection closes, unless its handler keeps the room. */
export function boundBodies(app: Api, context: Pick<ApiContext, 'auth' | 'clock' | 'closing' | 'logger'>): void {
  const room = new WeightedSemaphore(roomBytes);
  app.decorateRequest('bodyRoom', null);
  app.addHook('preParsing', async (request, reply) => {
    const bytes = bytesOf(request);
    // Only routes with a scope read bodies.
    if (bytes <= smallBody || bytes > bodyLimit || request.routeOptions.config.scope === undefined) return;
    const weight = bytesTypes.test(request.headers['content-type'] ?? '') ? bytes : copiesOfJson * bytes;
    request.bodyRoom =
      room.tryAcquire(weight) ?? (await room.acquire(weight, requestEnd(context, request, reply)).catch(unread));
    // If the body does not arrive completely, the handler is not called.
    const leave = (): void => request.bodyRoom?.();
    if (reply.raw.closed) leave();
    else reply.raw.once('close', leave);
    endIfStalled(request);
  });
}

/** The request's room, for a handler that releases it when it has used the body, even if the client leaves before. */
export function keepBodyRoom(request: FastifyRequest): Release {
  const release = request.bodyRoom;
  request.bodyRoom = null;
  return release ?? ((): void => undefined);
}

/** The declared bytes; the limit if a body follows without its length. */
function bytesOf({ headers }: FastifyRequest): number {
  if (headers['transfer-encoding'] !== undefined) return bodyLimit;
  return Number(headers['content-length'] ?? 0);
}

function unread(reason: unknown): never {
  if (reason instanceof GenwardenError) throw reason;
  throw new GenwardenError('NotReady', 'The body was not read: the API stops, or the client has left');
}

function endIfStalled({ raw }: FastifyRequest): void {
  const { socket } = raw;
  // An injected request has none.
  if (!(socket instanceof Socket)) return;
  const end = (): void => void socket.destroy();
  socket.setTimeout(patience, end);
  raw.once('close', () => {
    socket.off('timeout', end);
    socket.setTimeout(0);
  });
}
