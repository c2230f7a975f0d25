// Checks reference images: the content matches the media type, can be read, and is not too large.

import { imageSize } from 'image-size';
import { GenwardenError } from '../../job/errors/index.ts';
import { limitsOf, maxReferenceBytes } from '../../job/modelLimits.ts';
import { imageTypeOf, type ReferenceMediaType } from '../../job/imageType.ts';

export type ImageMediaType = ReferenceMediaType;
export const imageMediaTypes: readonly ImageMediaType[] = ['image/png', 'image/jpeg', 'image/webp'];

/** Throws `InvalidImage` or `ImageTooLarge`; `where` names the image in the message. */
export function checkImage(bytes: Uint8Array, declared: ImageMediaType, where: string): void {
  if (bytes.length > maxReferenceBytes) throw tooLarge(bytes.length, '20 MiB', where);
  const found = imageTypeOf(bytes);
  if (found !== declared) {
    throw new GenwardenError(
      'InvalidImage',
      `${where} is declared as ${declared}, but its content is ${found ?? 'not a supported image'}`,
    );
  }
  if (!hasSize(bytes)) throw new GenwardenError('InvalidImage', `${where} is not a readable ${declared}`);
}

/** Applies the model's limit; throws `ImageTooLarge`. */
export function checkImageFits(bytes: number, provider: string, model: string, where: string): void {
  const { referenceBytes } = limitsOf(provider, model);
  if (bytes > referenceBytes) throw tooLarge(bytes, `${referenceBytes / 1_000_000} MB that ${model} accepts`, where);
}

function tooLarge(bytes: number, limit: string, where: string): GenwardenError {
  return new GenwardenError('ImageTooLarge', `${where} has ${bytes} bytes, more than the limit of ${limit}`);
}

function hasSize(bytes: Uint8Array): boolean {
  try {
    const { width, height } = imageSize(bytes);
    return width > 0 && height > 0;
  } catch {
    return false;
  }
}
