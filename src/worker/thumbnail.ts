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

/** Images looked at once: a decoded one is several times its file, and one takes some 30 ms where a call takes seconds. */
const atOnce = 1;

export interface Look {
  readonly width: number;
  readonly height: number;
  readonly thumbnail: Thumbnail | undefined;
}

/** Pixels and, if asked for, the thumbnail of an image, one image at a time; rejects where the bytes are none. */
export async function lookAt(bytes: Uint8Array, withThumbnail: boolean): Promise<Look> {
  if (looking < atOnce) looking += 1;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    const { width, height } = await sharp(bytes).metadata();
    return { width, height, thumbnail: withThumbnail ? await thumbnailOf(bytes) : undefined };
  } finally {
    // The place goes to the next one, if there is one.
    const next = waiting.shift();
    if (next === undefined) looking -= 1;
    else next();
  }
}

let looking = 0;
const waiting: (() => void)[] = [];

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
