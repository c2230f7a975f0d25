// Reads images with sharp, whose decoders (libvips) run in native threads.

import sharp, { type Metadata, type Sharp } from 'sharp';
import { takingTurns } from '../../async/takingTurns.ts';
import { maxReferencePixels } from '../../job/modelLimits.ts';
import type { ImageReader, ImageReading, ImageToRead } from '../../ports/imageReader.ts';

/**
 * One at a time: the largest image takes 400 MB while it is decoded (PNG, 16 bits, interlaced), and libvips
 * keeps the reasons of all failures in one place.
 */
export function sharpImageReader(): ImageReader {
  // Each image is read once, so a cache would only cost memory. One thread per image leaves the others to further work.
  sharp.cache(false);
  sharp.concurrency(1);
  const takeTurn = takingTurns(() => performance.now());
  return {
    read: (image) => takeTurn({ owner: image.tenant, patience: image.pixels / pixelsPerMs }, () => read(image)),
  };
}

/** A photograph of 12 megapixels lets small images overtake it for 12 seconds; decoding it takes about 30 ms. */
const pixelsPerMs = 1_000;

async function read(image: ImageToRead): Promise<ImageReading> {
  const problem = await decode(image.bytes).then(() => undefined, problemOf);
  if (problem !== undefined) return { problem };
  const metadata = await sharp(image.bytes, options('error')).metadata();
  return (metadata.orientation ?? 1) === 1 ? {} : { upright: await upright(image, metadata) };
}

const options = (failOn: 'warning' | 'error') =>
  ({ failOn, limitInputPixels: maxReferencePixels, sequentialRead: true }) as const;

/** Shrinking to one pixel reads every row, and keeps few of them in memory. */
async function decode(bytes: Uint8Array): Promise<void> {
  const decodeWith = (failOn: 'warning' | 'error'): Promise<unknown> =>
    sharp(bytes, options(failOn)).timeout({ seconds }).resize(1, 1, { fit: 'fill' }).raw().toBuffer();
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

/** The largest valid images take two seconds. */
const seconds = 30;

/** libjpeg's warnings about lost pixels. */
const damage = /Corrupt JPEG data: (premature|bad|found)/;

/** Throws what is not the fault of the image. */
function problemOf(error: unknown): string {
  const { message } = error as Error;
  if (/out of memory/i.test(message)) throw error;
  if (message.startsWith('timeout')) return `is not decoded after ${seconds} seconds`;
  if (/premature end of JPEG image|not enough data/.test(message)) return 'is cut off';
  const [line = ''] = message.split('\n').filter((each) => !each.startsWith('Warning treated as error'));
  const reason = line.replace(/^Input buffer (has corrupt header|contains [^:]*): ?/, '').replace(/^[Vv]ips\w*: /, '');
  return reason.trim() === '' ? 'is broken' : `is broken (${reason.trim()})`;
}

const qualities = [95, 90, 85, 80] as const;

/**
 * The turned image. A lossy one gets the best quality at which it has about the size that it had, but at least the last one. A
 * JPEG gets no better quality than it has: that would only cost time.
 */
async function upright({ bytes, mediaType }: ImageToRead, metadata: Metadata): Promise<Uint8Array> {
  if (mediaType === 'image/png') return turned(bytes, metadata).png().toBuffer();
  if (isLosslessWebp(bytes)) return turned(bytes, metadata).webp({ lossless: true }).toBuffer();
  // A turn must not push an image over a model's limit.
  const most = bytes.length * (bytes.length < 5_000_000 ? 1.1 : 1);
  let image: Uint8Array = bytes;
  const known = mediaType === 'image/jpeg' ? jpegQuality(bytes) : undefined;
  for (const quality of qualities.filter((each) => each === 80 || each <= (known ?? 100))) {
    const turning = turned(bytes, metadata);
    image = await (
      mediaType === 'image/jpeg' ? asJpeg(turning, metadata, quality) : turning.webp({ quality })
    ).toBuffer();
    if (image.length <= most) break;
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

/**
 * The quality with which libjpeg would have made the first quantization table, rounded up to a multiple of 5; undefined if there
 * is no table of 8 bits. libjpeg scales the table of ITU T.81, K.1, whose sum is 3688.
 */
function jpegQuality(bytes: Uint8Array): number | undefined {
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(Buffer.from([0xff, 0xdb]));
  const table = bytes.subarray(at + 5, at + 69);
  if (at < 0 || bytes[at + 4] !== 0 || table.length < 64) return undefined;
  const scale = (100 * table.reduce((sum, each) => sum + each, 0)) / 3_688;
  const quality = scale <= 100 ? 100 - scale / 2 : 5_000 / scale;
  return 5 * Math.ceil(quality / 5 - 0.2);
}
