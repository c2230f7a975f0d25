// POST /v1/artifacts: uploads of reference images.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { WeightedSemaphore, type Release } from '../../async/weightedSemaphore.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import { maxReferenceBytes } from '../../job/modelLimits.ts';
import { checkImages, imageMediaTypes, mediaTypeOf, theBody } from '../../jobs/submit/image.ts';
import { principalOf } from '../auth/authenticate.ts';
import type { Api, ApiContext } from '../options.ts';
import { requestEnd } from '../heldRequest.ts';
import { problems } from './answers.ts';

/** `app` must be a scope without other routes: only an upload may have an image as its body. */
export function uploadRoute(app: Api, context: ApiContext): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(/^image\//, { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => body);
  const room = roomForBodies(context);
  // Before the body is read: another type would only be refused afterwards, and a body that waits costs no memory.
  app.addHook('preParsing', async (request, reply) => {
    acceptedType(request.headers['content-type']);
    await room.enter(request, reply);
  });
  const schema = {
    operationId: 'uploadReference',
    summary: 'Store a reference image',
    description:
      'The body is the image itself, with its Content-Type: PNG, JPEG or WebP, no animation, at most 20 MiB and 50 ' +
      'megapixels (8192 × 6144). It is decoded as a whole. An image that its EXIF orientation turns is stored upright.',
    tags: ['artifacts'],
    consumes: [...imageMediaTypes],
    response: {
      201: z.object({ artifact: z.string(), mediaType: z.string(), bytes: z.int() }),
      ...problems,
    },
  };
  app.post('/v1/artifacts', { config: { scope: 'jobs:write' }, schema }, async (request, reply) => {
    const release = room.keep(request);
    try {
      const { tenant } = principalOf(request);
      const declared = acceptedType(request.headers['content-type']);
      // Fastify does not parse an empty body.
      const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const [image] = await checkImages(context.images, tenant, [{ where: theBody, bytes, declared }]);
      const stored = await context.artifacts.put(tenant, image!.bytes, image!.mediaType);
      return await reply.code(201).send({ artifact: stored.digest, mediaType: stored.mediaType, bytes: stored.bytes });
    } finally {
      release?.();
    }
  });
}

/** Bytes of all large uploads that are being received, checked or stored; further ones wait with their bodies unread. */
const roomBytes = 128 * 1024 * 1024;
/** Bytes. Smaller uploads do not wait. */
const smallUpload = 256 * 1024;

function unread(reason: unknown): never {
  if (reason instanceof GenwardenError) throw reason;
  throw new GenwardenError('NotReady', 'The upload was not read: the API stops, or the client has left');
}

function roomForBodies(context: ApiContext) {
  const room = new WeightedSemaphore(roomBytes);
  const held = new Map<FastifyRequest, Release>();
  return {
    async enter(request: FastifyRequest, reply: FastifyReply): Promise<void> {
      const bytes = Number(request.headers['content-length'] ?? maxReferenceBytes);
      if (bytes <= smallUpload) return;
      const release =
        room.tryAcquire(bytes) ?? (await room.acquire(bytes, requestEnd(context, request, reply)).catch(unread));
      held.set(request, release);
      // If the body does not arrive completely, the handler is not called.
      const leave = (): void => void (held.delete(request) && release());
      if (reply.raw.closed) leave();
      else reply.raw.once('close', leave);
    },
    /** The caller releases the bytes, even if the client leaves before. Undefined for a small upload. */
    keep(request: FastifyRequest): Release | undefined {
      const release = held.get(request);
      held.delete(request);
      return release;
    },
  };
}

/** Throws `UnsupportedMediaType` for a type that is no accepted format. */
function acceptedType(header: string | undefined): string {
  const declared = header?.split(';', 1)[0]!.trim();
  if (declared === undefined || declared === '') {
    throw new GenwardenError('UnsupportedMediaType', 'The body must be an image, with its Content-Type');
  }
  const mediaType = mediaTypeOf(declared);
  if (imageMediaTypes.some((accepted) => accepted === mediaType)) return mediaType;
  const advice = mediaType.startsWith('image/') ? 'convert it to' : 'send';
  throw new GenwardenError('UnsupportedMediaType', `The body is declared as ${declared}: ${advice} JPEG, PNG or WebP`);
}
