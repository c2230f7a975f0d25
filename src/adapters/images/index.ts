// Reads images with sharp, whose decoders (libvips) run in native threads.

import sharp, { type Metadata, type Sharp } from 'sharp';
import { takingTurns } from '../../async/takingTurns.ts';
import { maxReferencePixels } from '../../job/modelLimits.ts';
import type { ImageReader, ImageReading, ImageToRead } from '../../ports/imageReader.ts';

/**
 * One at a time, in turns by tenant: the largest image takes 400 MB while it is decoded (PNG, 16 bits, interlaced), and libvips
 * keeps the reasons of all failures in one place. A photograph of 12 megapixels takes about 30 ms.
 */
export function sharpImageReader(): ImageReader {
  // Each image is read once, so a cache would only cost memory. One thread per image leaves the others to further work.
  sharp.cache(false);
  sharp.concurrency(1);
  const takeTurn = takingTurns();
  return { read: (image) => takeTurn(image.tenant, () => read(image)) };
}

async function read(image: ImageToRead): Promise<ImageReading> {
  try {
    await decode(image.bytes);
    const metadata = await sharp(image.bytes, options('error')).metadata();
    return (metadata.orientation ?? 1) === 1 ? {} : { upright: await upright(image, metadata) };
  } catch (error) {
    return { problem: problemOf((error as Error).message) };
  }
}

const options = (failOn: 'warning' | 'error') =>
  ({ failOn, limitInputPixels: maxReferencePixels, sequentialRead: true }) as const;

/** Shrinking to one pixel reads every row, and keeps few of them in memory. */
async function decode(bytes: Uint8Array): Promise<void> {
  const decodeWith = (failOn: 'warning' | 'error'): Promise<unknown> =>
    sharp(bytes, options(failOn)).resize(1, 1, { fit: 'fill' }).raw().toBuffer();
  try {
    await decodeWith('warning');
  } catch (error) {
    if (damage.test((error as Error).message)) throw error;
    // Other warnings are about harmless oddities of cameras and editors; what is no warning fails again.
    await decodeWith('error').catch(() => {
      throw error;
    });
  }
}

/** libjpeg's warnings about lost pixels. */
const damage = /Corrupt JPEG data: (premature|bad|found)/;

function problemOf(message: string): string {
  if (/premature end of JPEG image|not enough data/.test(message)) return 'is cut off';
  const [line = ''] = message.split('\n').filter((each) => !each.startsWith('Warning treated as error'));
  const reason = line.replace(/^Input buffer (has corrupt header|contains [^:]*): ?/, '').replace(/^[Vv]ips\w*: /, '');
  return reason.trim() === '' ? 'is broken' : `is broken (${reason.trim()})`;
}

const qualities = [95, 90, 85, 80] as const;

/** The turned image. A lossy one gets the best quality at which it is not larger than before, but at least the last one. */
async function upright({ bytes, mediaType }: ImageToRead, metadata: Metadata): Promise<Uint8Array> {
  if (mediaType === 'image/png') return turned(bytes, metadata).png().toBuffer();
  if (isLosslessWebp(bytes)) return turned(bytes, metadata).webp({ lossless: true }).toBuffer();
  let image: Uint8Array = bytes;
  for (const quality of qualities) {
    const turning = turned(bytes, metadata);
    image = await (
      mediaType === 'image/jpeg' ? asJpeg(turning, metadata, quality) : turning.webp({ quality })
    ).toBuffer();
    if (image.length <= bytes.length) break;
  }
  return image;
}

function turned(bytes: Uint8Array, { space, depth }: Metadata): Sharp {
  const image = sharp(bytes, options('error')).autoOrient();
  // Few programs read CMYK: its profile is applied. Every other image keeps its colours and its profile.
  if (space === 'cmyk') return image.toColourspace('srgb');
  if (depth !== 'ushort') return image.keepIccProfile();
  return image.toColourspace(space === 'grey16' ? 'grey16' : 'rgb16').keepIccProfile();
}

const asJpeg = (image: Sharp, { chromaSubsampling }: Metadata, quality: number): Sharp =>
  image.jpeg({ quality, chromaSubsampling: chromaSubsampling === '4:4:4' ? '4:4:4' : '4:2:0' });

const isLosslessWebp = (bytes: Uint8Array): boolean =>
  Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 64 * 1024)).includes('VP8L', 12, 'latin1');
