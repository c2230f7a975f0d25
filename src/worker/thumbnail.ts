// Reads images with sharp, which works in its own threads and so keeps the event loop free for heartbeats.

import sharp from 'sharp';

export interface Thumbnail {
  readonly bytes: Uint8Array;
  readonly mediaType: 'image/jpeg';
  readonly width: number;
  readonly height: number;
}

const thumbnailSize = 400;

// Each image is read once, so a cache would only cost memory. One thread per image leaves the others to further images.
sharp.cache(false);
sharp.concurrency(1);

export interface ImageInfo {
  readonly width: number;
  readonly height: number;
  readonly thumbnail: Thumbnail | undefined;
}

let previous: Promise<unknown> = Promise.resolve();

/**
 * Returns the size in pixels as the image is shown, which its EXIF orientation may turn, and, if requested, a thumbnail; rejects if the bytes are not an image. Reads one image at a
 * time: a decoded image is several times larger than its file, and one takes about 30 ms while a call takes seconds.
 */
export function readImage(bytes: Uint8Array, withThumbnail: boolean): Promise<ImageInfo> {
  const reading = previous.then(async () => {
    const { autoOrient } = await sharp(bytes).metadata();
    return { ...autoOrient, thumbnail: withThumbnail ? await thumbnailOf(bytes) : undefined };
  });
  previous = reading.catch(() => undefined);
  return reading;
}

/** The centre of the image, 400 × 400; transparent parts become white. */
async function thumbnailOf(bytes: Uint8Array): Promise<Thumbnail> {
  const data = await sharp(bytes)
    .autoOrient()
    .resize(thumbnailSize, thumbnailSize, { fit: 'cover' })
    .flatten({ background: 'white' })
    .jpeg({ quality: 80 })
    .toBuffer();
  return { bytes: data, mediaType: 'image/jpeg', width: thumbnailSize, height: thumbnailSize };
}
