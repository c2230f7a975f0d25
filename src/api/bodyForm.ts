// Checks what a request says of its body before the body is read, and decompresses it.

import type { IncomingMessage } from 'node:http';
import { createGunzip, type Gunzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GenwardenError } from '../job/errors/index.ts';

/** Bytes. A larger body is refused. */
export const bodyLimit = 25 * 1024 * 1024;

/** Whether a body follows the headers. */
export const hasBody = ({ headers }: Pick<IncomingMessage, 'headers'>): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** Throws `UnsupportedMediaType`, `BodyTooLarge` or `MalformedRequest`. */
export function checkBodyForm({ headers, routeOptions }: FastifyRequest, reply: FastifyReply): void {
  if (!/^(?:chunked)?$/i.test(headers['transfer-encoding'] ?? ''))
    throw new GenwardenError('MalformedRequest', 'The only Transfer-Encoding that the API understands is chunked');
  if (!/^(?:identity|gzip|x-gzip|)$/i.test(codingOf(headers))) {
    reply.header('accept-encoding', 'gzip');
    const message = `The body is encoded as ${codingOf(headers)}: send it as it is, or with gzip`;
    throw new GenwardenError('UnsupportedMediaType', message);
  }
  if (routeOptions.schema?.consumes === undefined) checkJsonType(headers['content-type']);
  const limit = routeOptions.bodyLimit ?? bodyLimit;
  if (Number(headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
}

export const tooLarge = (limit: number): GenwardenError =>
  new GenwardenError('BodyTooLarge', `The body is larger than ${sizeText(limit)}`);

const sizeText = (bytes: number): string =>
  bytes % 1_048_576 === 0 ? `${bytes / 1_048_576} MiB` : `${bytes.toLocaleString('en')} bytes`;

function checkJsonType(header: string | undefined): void {
  if (header === undefined) throw notJson('The body has no Content-Type');
  const [type = '', ...parameters] = header.split(';').map((each) => each.trim());
  if (type.toLowerCase() !== 'application/json')
    throw notJson(`The body is declared as ${type === '' ? 'nothing' : type}`);
  const charset = parameters
    .map((each) => /^charset\s*=\s*"?([^"]*)"?$/i.exec(each)?.[1])
    .find((each) => each !== undefined);
  if (charset === undefined || /^utf-?8$/i.test(charset)) return;
  throw new GenwardenError('UnsupportedMediaType', `The body is declared as ${charset}: send JSON as UTF-8`);
}

const notJson = (what: string): GenwardenError =>
  new GenwardenError('UnsupportedMediaType', `${what}: send JSON, with Content-Type: application/json`);

const codingOf = (headers: IncomingMessage['headers']): string => (headers['content-encoding'] ?? '').trim();

export const isCompressed = ({ headers }: Pick<IncomingMessage, 'headers'>): boolean =>
  /^(?:x-)?gzip$/i.test(codingOf(headers));

/** Counts what it gets, as Fastify compares that with Content-Length. */
type Inflated = Gunzip & { receivedEncodedLength?: number };

/** The body of the request, decompressed. The parser of the body stops at the limit. */
export function inflated(request: IncomingMessage, reply: FastifyReply): Gunzip {
  const gunzip: Inflated = createGunzip();
  gunzip.receivedEncodedLength = 0;
  request.on('data', (chunk: Buffer) => (gunzip.receivedEncodedLength! += chunk.length));
  request.once('error', (error) => gunzip.destroy(error));
  reply.raw.once('close', () => gunzip.destroy());
  return request.pipe(gunzip);
}
