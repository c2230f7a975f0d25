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
 * Pixels of the largest image that gets a thumbnail: a little more than a square of 4K. A PNG of 5 MB can have 256 million pixels,
 * and take 1 GB when it is decoded; sizes are read from its header.
 */
const mostPixels = 20_000_000;

/**
 * Returns the size in pixels as the image is shown, which its EXIF orientation may turn, and, if requested, a thumbnail; rejects if
 * the bytes are not an image. Reads one image at a time: a decoded image is several times larger than its file, and one takes about
 * 30 ms while a call takes seconds.
 */
export function readImage(bytes: Uint8Array, withThumbnail: boolean): Promise<ImageInfo> {
  const reading = previous.then(async () => {
    // Reads the header only, so any number of pixels is safe.
    const { autoOrient } = await sharp(bytes, { limitInputPixels: false }).metadata();
    const isDrawn = withThumbnail && autoOrient.width * autoOrient.height <= mostPixels;
    return { ...autoOrient, thumbnail: isDrawn ? await thumbnailOf(bytes) : undefined };
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
