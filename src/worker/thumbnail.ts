// Looks at images with sharp, whose threads do the work: the event loop stays free for heartbeats.

import sharp from 'sharp';

export interface Thumbnail {
  readonly bytes: Uint8Array;
  readonly mediaType: 'image/jpeg';
  readonly width: number;
  readonly height: number;
}

export const thumbnailSize = 400;

// Images pass once: a cache only costs memory, and one thread an image leaves the others to further images.
sharp.cache(false);
sharp.concurrency(1);

/** Pixels of an image; rejects where the bytes are none. */
export async function sizeOf(bytes: Uint8Array): Promise<{ width: number; height: number }> {
  const { width, height } = await sharp(bytes).metadata();
  return { width, height };
}

/** The middle of the image, 400 × 400; transparent parts turn white. Rejects where the bytes are no image. */
export async function thumbnailOf(bytes: Uint8Array): Promise<Thumbnail> {
  const data = await sharp(bytes)
    .autoOrient()
    .resize(thumbnailSize, thumbnailSize, { fit: 'cover' })
    .flatten({ background: 'white' })
    .jpeg({ quality: 80 })
    .toBuffer();
  return { bytes: data, mediaType: 'image/jpeg', width: thumbnailSize, height: thumbnailSize };
}
