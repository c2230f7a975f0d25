// Reads images with sharp, which works in its own threads and so keeps the event loop free for heartbeats.

import type Sharp from 'sharp';

export interface Thumbnail {
  readonly bytes: Uint8Array;
  readonly mediaType: 'image/jpeg';
  readonly width: number;
  readonly height: number;
}

const thumbnailSize = 400;

let loaded: Promise<typeof Sharp> | undefined;

/** Loads sharp with the first image, so that a worker that starts claims its first task sooner. */
const useSharp = (): Promise<typeof Sharp> => (loaded ??= loadSharp());

async function loadSharp(): Promise<typeof Sharp> {
  const { default: sharp } = await import('sharp');
  // Each image is read once, so a cache would only cost memory. One thread per image leaves the others to further images.
  sharp.cache(false);
  sharp.concurrency(1);
  return sharp;
}

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
    const sharp = await useSharp();
    // Reads the header only, so any number of pixels is safe.
    const { autoOrient } = await sharp(bytes, { limitInputPixels: false }).metadata();
    const isDrawn = withThumbnail && autoOrient.width * autoOrient.height <= mostPixels;
    return { ...autoOrient, thumbnail: isDrawn ? await thumbnailOf(sharp, bytes) : undefined };
  });
  previous = reading.catch(() => undefined);
  return reading;
}

/** The centre of the image, 400 × 400; transparent parts become white. */
async function thumbnailOf(sharp: typeof Sharp, bytes: Uint8Array): Promise<Thumbnail> {
  const data = await sharp(bytes)
    .autoOrient()
    .resize(thumbnailSize, thumbnailSize, { fit: 'cover' })
    .flatten({ background: 'white' })
    .jpeg({ quality: 80 })
    .toBuffer();
  return { bytes: data, mediaType: 'image/jpeg', width: thumbnailSize, height: thumbnailSize };
}
