// Checks reference images: the content matches the media type, can be read, and is not too large.

import { imageSize } from 'image-size';
import { GenwardenError } from '../../job/errors/index.ts';

export type ImageMediaType = 'image/png' | 'image/jpeg' | 'image/webp';
export const imageMediaTypes: readonly ImageMediaType[] = ['image/png', 'image/jpeg', 'image/webp'];

/** Bytes. */
const maxBytes = 20 * 1024 * 1024;
const maxBytesForGemini = 7_000_000;

/** Throws `InvalidImage` or `ImageTooLarge`; `where` names the image in the message. */
export function checkImage(bytes: Uint8Array, declared: ImageMediaType, where: string): void {
  if (bytes.length > maxBytes) throw tooLarge(bytes.length, '20 MiB', where);
  const found = mediaTypeOf(bytes);
  if (found !== declared) {
    throw new GenwardenError(
      'InvalidImage',
      `${where} is declared as ${declared}, but its content is ${found ?? 'not a supported image'}`,
    );
  }
  if (!hasSize(bytes)) throw new GenwardenError('InvalidImage', `${where} is not a readable ${declared}`);
}

/** Applies the provider's limit; throws `ImageTooLarge`. */
export function checkImageFits(bytes: number, provider: string, where: string): void {
  if (provider === 'gemini' && bytes > maxBytesForGemini)
    throw tooLarge(bytes, '7 MB that Gemini models accept', where);
}

function tooLarge(bytes: number, limit: string, where: string): GenwardenError {
  return new GenwardenError('ImageTooLarge', `${where} has ${bytes} bytes, more than the limit of ${limit}`);
}

/** Detected from the signature, so that image-size parses only these three formats. */
function mediaTypeOf(bytes: Uint8Array): ImageMediaType | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(16, bytes.byteLength));
  if (head.subarray(0, 8).equals(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'))) return 'image/png';
  if (head.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return 'image/jpeg';
  const isWebp = head.toString('latin1', 0, 4) === 'RIFF' && head.toString('latin1', 8, 12) === 'WEBP';
  return isWebp ? 'image/webp' : undefined;
}

function hasSize(bytes: Uint8Array): boolean {
  try {
    const { width, height } = imageSize(bytes);
    return width > 0 && height > 0;
  } catch {
    return false;
  }
}
