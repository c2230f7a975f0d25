// Reads images with sharp, whose threads do the work, so that the event loop stays free for heartbeats.

import sharp from 'sharp';

export interface Thumbnail {
  readonly bytes: Uint8Array;
  readonly mediaType: 'image/jpeg';
  readonly width: number;
  readonly height: number;
}

const thumbnailSize = 400;

// Images pass once: a cache only costs memory, and one thread an image leaves the others to further images.
sharp.cache(false);
sharp.concurrency(1);

export interface ReadImage {
  readonly width: number;
  readonly height: number;
  readonly thumbnail: Thumbnail | undefined;
}

let previous: Promise<unknown> = Promise.resolve();

/**
 * Pixels and, if asked for, the thumbnail of an image; rejects if the bytes are not an image. Images are read one at a time: a
 * decoded one is several times its file, and one takes some 30 ms where a call takes seconds.
 */
export function readImage(bytes: Uint8Array, withThumbnail: boolean): Promise<ReadImage> {
  const reading = previous.then(async () => {
    const { width, height } = await sharp(bytes).metadata();
    return { width, height, thumbnail: withThumbnail ? await thumbnailOf(bytes) : undefined };
  });
  previous = reading.catch(() => undefined);
  return reading;
}

/** The middle of the image, 400 × 400; transparent context turn white. */
async function thumbnailOf(bytes: Uint8Array): Promise<Thumbnail> {
  const data = await sharp(bytes)
    .autoOrient()
    .resize(thumbnailSize, thumbnailSize, { fit: 'cover' })
    .flatten({ background: 'white' })
    .jpeg({ quality: 80 })
    .toBuffer();
  return { bytes: data, mediaType: 'image/jpeg', width: thumbnailSize, height: thumbnailSize };
}
