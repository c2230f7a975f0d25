// The bytes of a stored artifact as an answer: all of them, a range, or an address of the store. Also what the OpenAPI document says
// about such answers.

import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { GenwardenError, type ErrorCode } from '../../../job/errors/index.ts';
import type { ArtifactRef } from '../../../job/task.ts';
import type { Instant } from '../../../job/time.ts';
import { principalOf } from '../../auth/authenticate.ts';
import type { Principal } from '../../auth/principal.ts';
import type { ApiContext } from '../../options.ts';
import { booleanQuery, ifNoneMatch } from '../../validation.ts';
import { isNamed } from '../answers.ts';
import { guard } from './download.ts';

const bytesHeaders = ['ETag', 'Accept-Ranges', 'Content-Length', 'Content-Disposition', 'Cache-Control'] as const;

/** Images, thumbnails and outputs. */
const mediaTypes = [
  'image/png',
  'image/jpeg',
  'image/webp',
  'image/gif',
  'image/avif',
  'text/plain',
  'application/json',
];
const binary = { schema: z.string().meta({ format: 'binary' }) };
const anyBytes = Object.fromEntries(mediaTypes.map((type) => [type, binary]));

export const bytesRequestHeaders = z.looseObject({
  'if-none-match': ifNoneMatch,
  range: z.string().optional().describe('One range of bytes, such as `bytes=0-1023`.'),
  'if-range': z.string().optional().describe('The range counts only for this `ETag`; otherwise all bytes follow.'),
});

export const redirectQuery = booleanQuery
  .optional()
  .describe('`true` answers 307 to a short-lived URL of the artifact store, if its clients can reach it (S3).');

export const bytesAnswers = {
  response: {
    200: { content: anyBytes },
    206: { content: anyBytes },
    304: z.undefined(),
    307: z.undefined(),
  },
  answers: {
    200: { says: 'The bytes.', headers: bytesHeaders },
    206: { says: 'The requested range of the bytes.', headers: [...bytesHeaders, 'Content-Range'] },
    304: { says: 'The artifact matches If-None-Match.', headers: ['ETag', 'Cache-Control'] },
    307: {
      says: 'With `redirect=true`: the artifact is at `Location` for five minutes; by a signed link, for no longer than the link works.',
      headers: ['Location', 'ETag', 'Cache-Control'],
    },
  },
} as const;

export const bytesProblems = [
  'ArtifactNotFound',
  'RangeNotSatisfiable',
  'ArtifactStoreFailed',
  'ArtifactStoreUnavailable',
] as const satisfies readonly ErrorCode[];

/** Throws `ArtifactNotFound` if the bytes are no longer stored, `RangeNotSatisfiable`, or what the store throws. */
export async function sendArtifact(
  context: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { tenant, artifact }: { readonly tenant: string; readonly artifact: ArtifactRef },
): Promise<FastifyReply> {
  const { 'if-none-match': known, range, 'if-range': ifRange } = request.headers;
  const tag = `"${artifact.digest}"`;
  describe(reply, artifact, tag);
  if (isNamed(known, tag)) return reply.code(304).send();
  const headersOnly = request.method === 'HEAD';
  // A range is defined for GET alone (RFC 9110, 14.2).
  const usable = !headersOnly && (ifRange === undefined || ifRange === tag) ? range : undefined;
  const source = { tenant, artifact, path: pathOf(request), headersOnly };
  const { redirect } = request.query as { redirect?: boolean };
  if (redirect === true && context.artifacts.link !== undefined) {
    return sendLink(context.artifacts.link, reply, source, redirectMs(principalOf(request), context.clock.now()));
  }
  return sendBytes(context, reply, source, usable);
}

/** Without the query, which can have a signature. */
const pathOf = ({ url }: FastifyRequest): string => url.split('?', 1)[0]!;

/** ms. A URL that is passed on must not work for long, nor much longer than the link by which it was asked for. */
function redirectMs({ link, expiresAt }: Principal, now: Instant): number {
  const longest = 300_000;
  if (link === undefined || expiresAt === undefined) return longest;
  return Math.min(longest, Math.max(1_000, expiresAt - now));
}

/** The store sends none of the headers that keep a browser from running what it shows, so only images are shown. */
async function sendLink(
  link: NonNullable<ApiContext['artifacts']['link']>,
  reply: FastifyReply,
  { tenant, artifact }: Source,
  expiresInMs: number,
): Promise<FastifyReply> {
  const { name, digest, path, mediaType } = artifact;
  const isShown = mediaType.startsWith('image/') && mediaType !== 'image/svg+xml';
  const disposition = dispositionOf(artifact, isShown ? 'inline' : 'attachment');
  const url = await link({ tenant, digest, path, mediaType, disposition, expiresInMs });
  if (url === undefined) throw notStored(name);
  return reply
    .removeHeader('content-type')
    .removeHeader('content-disposition')
    .header('cache-control', 'private, no-store')
    .redirect(url, 307);
}

const notStored = (name: string): GenwardenError =>
  new GenwardenError('ArtifactNotFound', `Artifact ${name} is no longer stored`);

function dispositionOf({ name, mediaType }: ArtifactRef, how: 'inline' | 'attachment'): string {
  const extension = /^\w+\/(\w+)/.exec(mediaType)?.[1] ?? 'bin';
  return `${how}; filename="${name.replaceAll(/[^\w.-]/g, '_')}.${extension}"`;
}

function describe(reply: FastifyReply, artifact: ArtifactRef, tag: string): void {
  reply
    .header('etag', tag)
    .header('accept-ranges', 'bytes')
    .header('cache-control', 'private, max-age=0, must-revalidate')
    .header('x-content-type-options', 'nosniff')
    .header('content-security-policy', "default-src 'none'; sandbox")
    .header('content-disposition', dispositionOf(artifact, 'inline'))
    .type(artifact.mediaType);
}

interface Source {
  readonly tenant: string;
  readonly artifact: ArtifactRef;
  /** For the log. */
  readonly path: string;
  /** Otherwise Fastify would read all bytes only to drop them. */
  readonly headersOnly: boolean;
}

async function sendBytes(
  context: ApiContext,
  reply: FastifyReply,
  source: Source,
  header: string | undefined,
): Promise<FastifyReply> {
  const { digest, bytes, name, path } = source.artifact;
  const range = byteRange(header, bytes);
  if (range === 'outside') {
    const details = { contentRange: `bytes */${bytes}` };
    throw new GenwardenError('RangeNotSatisfiable', `The artifact has only ${bytes} bytes`, { details });
  }
  const stream = source.headersOnly
    ? (await context.artifacts.find(source.tenant, digest, path)) && Readable.from([])
    : await context.artifacts.stream(source.tenant, digest, range, path);
  if (stream === undefined) throw notStored(name);
  if (!source.headersOnly) guard(stream, reply, source, context);
  if (range === undefined) return reply.header('content-length', bytes).send(stream);
  return reply
    .code(206)
    .header('content-range', `bytes ${range.start}-${range.end}/${bytes}`)
    .header('content-length', range.end - range.start + 1)
    .send(stream);
}

interface ByteRange {
  readonly start: number;
  /** Inclusive. */
  readonly end: number;
}

/** Undefined means to send all bytes: no header, another unit, several ranges, or an invalid header. */
function byteRange(header: string | undefined, size: number): ByteRange | 'outside' | undefined {
  const [, from = '', to = ''] = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})$/i.exec(header?.trim() ?? '') ?? [];
  if (from === '' && to === '') return undefined;
  if (from === '') {
    const start = Math.max(0, size - Number(to));
    return Number(to) === 0 || size === 0 ? 'outside' : { start, end: size - 1 };
  }
  const start = Number(from);
  if (to !== '' && Number(to) < start) return undefined;
  return start >= size ? 'outside' : { start, end: to === '' ? size - 1 : Math.min(Number(to), size - 1) };
}
