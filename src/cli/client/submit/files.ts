// The files that `submit` reads: the body, the schema, and reference images, whose types are detected from their content.

import { readFile } from 'node:fs/promises';
import { GenwardenApiError, type GenwardenClient } from '../../../client/index.ts';
import { GenwardenError } from '../../../job/errors/index.ts';
import { foreignFormatOf } from '../../../job/imageFormat.ts';
import { imageTypeOf, type ReferenceMediaType } from '../../../job/imageType.ts';
import { InexactNumber, parseExactJson } from '../../../job/jsonNumbers.ts';
import type { Io } from '../../output/io.ts';

/** The JSON object in a file, or on standard input for `-`. Throws `UsageError` for anything else. */
export async function readJsonObject(io: Io, path: string): Promise<Record<string, unknown>> {
  const text = path === '-' ? await io.readStdin() : (await readBytes(path)).toString('utf8');
  const where = path === '-' ? 'standard input' : path;
  let value: unknown;
  try {
    value = parseExactJson(text);
  } catch (error) {
    if (error instanceof InexactNumber) {
      throw new GenwardenError('UsageError', `${where}: ${error.message}`, { cause: error });
    }
    throw new GenwardenError('UsageError', `${where} is not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new GenwardenError('UsageError', `${where} is not a JSON object`);
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
