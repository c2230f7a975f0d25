// POST /v1/artifacts: uploads of reference images.

import type { FastifySchema } from 'fastify';
import { GenwardenError } from '../../../job/errors/index.ts';
import { checkImages, imageMediaTypes, mediaTypeOf, theBody } from '../../../jobs/submit/image.ts';
import { principalOf } from '../../auth/authenticate.ts';
import type { Api, ApiContext } from '../../options.ts';
import { keepBodyRoom } from '../../bodyRoom.ts';
import { storedReferenceSchema } from '../../view/schemas.ts';

/** Generated clients, and programs that do not look at a file, send bytes without a type. */
const anyBytes = 'application/octet-stream';

/** `app` must be a scope without other routes: only an upload may have an image as its body. */
export function uploadRoute(app: Api, context: ApiContext): void {
  app.removeAllContentTypeParsers();
  const asIs = async (_request: unknown, body: Buffer): Promise<Buffer> => body;
  app.addContentTypeParser(/^image\//, { parseAs: 'buffer' }, asIs);
  app.addContentTypeParser(anyBytes, { parseAs: 'buffer' }, asIs);
  // Before the body waits for its room and is read.
  app.addHook('onRequest', async (request) => void acceptedType(request.headers['content-type']));
  const schema = {
    operationId: 'uploadReference',
    summary: 'Store a reference image',
    description:
      'The body is the image itself: PNG, JPEG or WebP, no animation, at most 20 MiB and 50 ' +
      'megapixels (8192 × 6144). Its Content-Type must fit it, or be `application/octet-stream`. It is decoded as a whole. An image that its EXIF orientation turns is stored upright.',
    tags: ['artifacts'],
    consumes: [...imageMediaTypes, anyBytes],
    response: {
      201: storedReferenceSchema,
    },
    answers: { 201: { says: 'The image is stored; refer to it by `artifact`.' } },
    problems: ['InvalidImage', 'ImageTooLarge', 'StorageFull', 'ArtifactStoreFailed', 'ArtifactStoreUnavailable'],
  } satisfies FastifySchema;
  app.post('/v1/artifacts', { config: { scope: 'jobs:write' }, schema }, async (request, reply) => {
    const release = keepBodyRoom(request);
    try {
      const { tenant } = principalOf(request);
      const declared = acceptedType(request.headers['content-type']);
      // Fastify does not parse an empty body.
      const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const [image] = await checkImages(context.images, tenant, [{ where: theBody, bytes, declared }]);
      const stored = await context.artifacts.put(tenant, image!.bytes, image!.mediaType);
      return await reply.code(201).send({ artifact: stored.digest, mediaType: stored.mediaType, bytes: stored.bytes });
    } finally {
      release();
    }
  });
}

/** Undefined: the content alone tells. Throws `UnsupportedMediaType` for a type that is no accepted format. */
function acceptedType(header: string | undefined): string | undefined {
  const declared = header?.split(';', 1)[0]!.trim();
  if (declared === undefined || declared === '') {
    throw new GenwardenError('UnsupportedMediaType', 'The body must be an image, with its Content-Type');
  }
  const mediaType = mediaTypeOf(declared);
  if (mediaType === anyBytes) return undefined;
  if (imageMediaTypes.some((accepted) => accepted === mediaType)) return mediaType;
  const advice = mediaType.startsWith('image/') ? 'convert it to' : 'send';
  throw new GenwardenError('UnsupportedMediaType', `The body is declared as ${declared}: ${advice} JPEG, PNG or WebP`);
}
