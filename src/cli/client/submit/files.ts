// The files that `submit` reads: the body, the schema, and reference images, whose types are detected from their content.

import { readFile } from 'node:fs/promises';
import { GenwardenApiError, type GenwardenClient } from '../../../client/index.ts';
import { GenwardenError } from '../../../job/errors/index.ts';
import { foreignFormatOf } from '../../../job/imageFormat.ts';
import { imageTypeOf, type ReferenceMediaType } from '../../../job/imageType.ts';
import { InexactJson, parseExactJson } from '../../../job/json/exact.ts';
import { NotUtf8, textOfUtf8 } from '../../../job/json/utf8.ts';
import type { Io } from '../../output/io.ts';

/** The JSON object in a file, or on standard input for `-`. Throws `UsageError` for anything else. */
export async function readJsonObject(io: Io, path: string): Promise<Record<string, unknown>> {
  const where = path === '-' ? 'standard input' : path;
  let value: unknown;
  try {
    value = parseExactJson(path === '-' ? await io.readStdin() : textOfUtf8(await readBytes(path)));
  } catch (error) {
    if (error instanceof GenwardenError) throw error;
    throw new GenwardenError('UsageError', problemOf(where, error as Error), { cause: error });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new GenwardenError('UsageError', `${where} is not a JSON object`);
}

function problemOf(where: string, error: Error): string {
  if (error instanceof NotUtf8) return `${where} ${error.message}`;
  return error instanceof InexactJson ? `${where}: ${error.message}` : `${where} is not JSON: ${error.message}`;
}

/** Uploads images one after the other and returns their digests. Reads every file before the first upload. */
export async function uploadReferences(client: GenwardenClient, paths: readonly string[]): Promise<string[]> {
  const images = await Promise.all(paths.map(readImage));
  const digests: string[] = [];
  for (const image of images) digests.push(await upload(client, image));
  return digests;
}

/** The API knows only bytes: its refusal is told of the file. */
async function upload(client: GenwardenClient, { path, bytes, mediaType }: ImageFile): Promise<string> {
  try {
    return (await client.uploadReference(bytes, mediaType)).artifact;
  } catch (error) {
    if (!(error instanceof GenwardenApiError)) throw error;
    throw new GenwardenApiError({ ...error.problem, detail: `${path}: ${error.detail}` }, error.retryAfter);
  }
}

interface ImageFile {
  readonly path: string;
  readonly bytes: Buffer;
  readonly mediaType: ReferenceMediaType;
}

async function readImage(path: string): Promise<ImageFile> {
  const bytes = await readBytes(path);
  const mediaType = imageTypeOf(bytes);
  if (mediaType === 'image/png' || mediaType === 'image/jpeg' || mediaType === 'image/webp') {
    return { path, bytes, mediaType };
  }
  const format = foreignFormatOf(bytes);
  const what = format === undefined ? 'is not' : `is ${format.name}, not`;
  const advice = format?.convertible === true ? ': convert it' : '';
  throw new GenwardenError('UsageError', `${path} ${what} a PNG, JPEG or WebP image${advice}`);
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new GenwardenError('UsageError', `${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
