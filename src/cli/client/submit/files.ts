// The files that `submit` reads: the body, the schema, and reference images, whose types are detected from their content.

import { readFile } from 'node:fs/promises';
import type { GenwardenClient } from '../../../client/index.ts';
import { GenwardenError } from '../../../job/errors/index.ts';
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
  for (const { bytes, mediaType } of images) {
    const { artifact } = await client.uploadReference(bytes, mediaType);
    digests.push(artifact);
  }
  return digests;
}

type ImageType = 'image/png' | 'image/jpeg' | 'image/webp';

async function readImage(path: string): Promise<{ bytes: Buffer; mediaType: ImageType }> {
  const bytes = await readBytes(path);
  const mediaType = imageType(bytes);
  if (mediaType !== undefined) return { bytes, mediaType };
  throw new GenwardenError('UsageError', `${path} is not a PNG, JPEG or WebP image`);
}

/** Detects the type by the first bytes: RFC 2083 (PNG), ITU T.81 (JPEG) and RFC 9649 (WebP). */
function imageType(bytes: Buffer): ImageType | undefined {
  if (bytes.subarray(0, 8).equals(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'))) return 'image/png';
  if (bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return 'image/jpeg';
  const riff = bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP';
  return riff ? 'image/webp' : undefined;
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new GenwardenError('UsageError', `${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
