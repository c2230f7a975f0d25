// Bounds the memory that large request bodies take: they share room, and a further one waits with its body unread.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { WeightedSemaphore, type Release } from '../async/weightedSemaphore.ts';
import { GenwardenError } from '../job/errors/index.ts';
import { bodyLimit, checkBodyForm, hasBody, inflated, isCompressed } from './bodyForm.ts';
import { letContinue } from './expectContinue.ts';
import { requestEnd } from './heldRequest.ts';
import type { Api, ApiContext } from './options.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The room that the body takes; null for a small one, and once it was released. */
    bodyRoom: Release | null;
  }
}

/** Bytes of memory for all large bodies together. */
const roomBytes = 128 * 1024 * 1024;
/** Bytes. Smaller bodies do not wait. */
const smallBody = 256 * 1024;
/** A body of JSON is in memory as text, as the text of its values, as their bytes, and once more while it is digested. */
const copiesOfJson = 4;
const bytesTypes = /^(?:image\/|application\/octet-stream)/i;

/** Each large body enters before it is read, and leaves when its connection closes, unless its handler keeps the room. */
export function boundBodies(app: Api, context: Pick<ApiContext, 'auth' | 'clock' | 'closing' | 'logger'>): void {
  const room = new WeightedSemaphore(roomBytes);
  app.decorateRequest('bodyRoom', null);
  app.addHook('preParsing', async (request, reply, payload) => {
    if (!hasBody(request.raw) || readsNoBody.test(request.method)) return payload;
    checkBodyForm(request, reply);
    await enter(room, context, request, reply);
    letContinue(request.raw, reply.raw);
    return isCompressed(request.raw) ? inflated(request.raw, reply) : payload;
  });
}

/** Their bodies have no meaning. */
const readsNoBody = /^(?:GET|HEAD)$/;

async function enter(
  room: WeightedSemaphore,
  context: Parameters<typeof boundBodies>[1],
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const bytes = bytesOf(request);
  // Other routes have small limits.
  if (bytes <= smallBody || request.routeOptions.config.scope === undefined) return;
  const weight = bytesTypes.test(request.headers['content-type'] ?? '') ? bytes : copiesOfJson * bytes;
  request.bodyRoom =
    room.tryAcquire(weight) ?? (await room.acquire(weight, requestEnd(context, request, reply)).catch(unread));
  // If the body does not arrive completely, the handler is not called.
  const leave = (): void => request.bodyRoom?.();
  if (reply.raw.closed) leave();
  else reply.raw.once('close', leave);
}

/** The request's room, for a handler that releases it when it has used the body, even if the client leaves before. */
export function keepBodyRoom(request: FastifyRequest): Release {
  const release = request.bodyRoom;
  request.bodyRoom = null;
  return release ?? ((): void => undefined);
}

/** How many times as long gzip data can become. */
const mostInflated = 1_032;

/** The declared bytes, or as many as they can become; the limit if a body follows without its length. */
function bytesOf({ headers, raw }: FastifyRequest): number {
  if (headers['transfer-encoding'] !== undefined) return bodyLimit;
  const declared = Number(headers['content-length'] ?? 0);
  return isCompressed(raw) ? Math.min(bodyLimit, declared * mostInflated) : declared;
}

function unread(reason: unknown): never {
  if (reason instanceof GenwardenError) throw reason;
  throw new GenwardenError('NotReady', 'The body was not read: the API stops, or the client has left');
}
