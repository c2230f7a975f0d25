// Makes the stand-in's images: the scene (over the first reference image, if there is one), fine grain, PNG or JPEG bytes.
// sharp draws and encodes on its own threads; only the grain is added here, one slice at a time.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import sharp from 'sharp';
import { seededRandom } from './random.ts';
import { drawScene } from './scene.ts';
import type { SceneSize } from './scene.ts';

export interface PictureRequest {
  prompt: string;
  seed: number | undefined;
  size: SceneSize;
  references: readonly Buffer[];
  format: 'png' | 'jpeg';
}

export interface Picture {
  mimeType: 'image/png' | 'image/jpeg';
  bytes: Buffer;
}

/** A reference image that cannot be decoded. */
export class UnreadableReference extends Error {}

export class Painter {
  readonly #cache = new Map<string, Promise<Picture>>();
  readonly #kept: number;

  /** Keeps the last `kept` pictures (about 2 MB each at 1K), because load tests repeat the same few requests. */
  constructor(kept = 16) {
    this.#kept = kept;
  }

  /** The same request gives the same bytes (on the same machine: the caption uses its fonts). */
  paint(request: PictureRequest): Promise<Picture> {
    const digest = digestOf(request);
    return this.#remember(digest, () => paintScene(request, Number.parseInt(digest.slice(0, 8), 16)));
  }

  /** A plain 64 × 64 PNG in one of 64 colours, for measurements that are not about drawing. */
  paintSmall(request: PictureRequest): Promise<Picture> {
    const shade = Number.parseInt(digestOf(request).slice(0, 8), 16) % 64;
    return this.#remember(`small-${shade}`, () => paintPlain(shade));
  }

  #remember(name: string, make: () => Promise<Picture>): Promise<Picture> {
    const picture = this.#cache.get(name) ?? make();
    this.#cache.delete(name);
    this.#cache.set(name, picture);
    picture.catch(() => this.#cache.delete(name));
    const [oldest] = this.#cache.keys();
    if (this.#cache.size > this.#kept && oldest !== undefined) this.#cache.delete(oldest);
    return picture;
  }
}

function digestOf(request: PictureRequest): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([request.prompt, request.seed ?? null, request.size, request.format]));
  for (const reference of request.references) hash.update(createHash('sha256').update(reference).digest());
  return hash.digest('hex');
}

async function paintScene(request: PictureRequest, seed: number): Promise<Picture> {
  const pixels = await drawPixels(request, seed);
  await addGrain(pixels, seed);
  const image = sharp(pixels, { raw: { ...request.size, channels: 3 } });
  if (request.format === 'jpeg') return { mimeType: 'image/jpeg', bytes: await image.jpeg({ quality: 92 }).toBuffer() };
  return {
    mimeType: 'image/png',
    bytes: await image.png({ compressionLevel: 2, adaptiveFiltering: false }).toBuffer(),
  };
}

async function drawPixels(request: PictureRequest, seed: number): Promise<Buffer> {
  const [photo] = request.references;
  const caption = canDrawText ? request.prompt : '';
  const scene = Buffer.from(drawScene(seededRandom(seed), request.size, caption, photo !== undefined));
  if (photo === undefined) return await sharp(scene).removeAlpha().raw().toBuffer();
  const backdrop = await softBackdrop(photo, request.size);
  return await sharp(backdrop, { raw: { ...request.size, channels: 3 } })
    .composite([{ input: scene }])
    .removeAlpha()
    .raw()
    .toBuffer();
}

/** Draws over a smaller copy, so that a detailed photograph does not push the PNG over 2 MB. */
async function softBackdrop(photo: Buffer, size: SceneSize): Promise<Buffer> {
  const half = { width: Math.ceil(size.width / 2), height: Math.ceil(size.height / 2) };
  try {
    const small = await sharp(photo, { limitInputPixels: 100_000_000 })
      .autoOrient()
      .toColourspace('srgb')
      .flatten()
      .resize({ ...half, fit: 'cover' })
      .png({ compressionLevel: 0 })
      .toBuffer();
    return await sharp(small)
      .resize({ ...size, fit: 'fill', kernel: 'cubic' })
      .removeAlpha()
      .raw()
      .toBuffer();
  } catch (cause) {
    throw new UnreadableReference('the reference image cannot be decoded', { cause });
  }
}

/** Fontconfig writes warnings to stderr on machines without any fonts (slim containers). */
const canDrawText = process.platform !== 'linux' || existsSync('/etc/fonts/fonts.conf');

/** Pixels per slice: one slice takes a few milliseconds, then other requests run. */
const sliceBytes = 3 * 1024 * 1024;

/** Grain makes the PNG 1–2 MB large, like those of the real service: smooth shapes alone compress to 100 KB. */
async function addGrain(pixels: Buffer, seed: number): Promise<void> {
  const clamped = new Uint8ClampedArray(pixels.buffer, pixels.byteOffset, pixels.length);
  for (let from = 0; from < clamped.length; from += sliceBytes) {
    if (from > 0) await nextTurn();
    addSlice(clamped, from, Math.min(from + sliceBytes, clamped.length), seed);
  }
}

function addSlice(pixels: Uint8ClampedArray, from: number, to: number, seed: number): void {
  grain ??= makeGrain();
  const mask = grain.length - 1;
  for (let at = from; at < to; at += 1) pixels[at] = (pixels[at] ?? 0) + (grain[(at + seed) & mask] ?? 0);
}

let grain: Int8Array | undefined;

/** 256 KiB (a power of two), longer than deflate looks back, so its repetition saves nothing. */
function makeGrain(): Int8Array {
  const random = seededRandom(1);
  return Int8Array.from({ length: 1 << 18 }, () => Math.round((random() + random() - 1) * 2));
}

async function paintPlain(shade: number): Promise<Picture> {
  const background = { r: 60 + (shade & 3) * 60, g: 60 + ((shade >> 2) & 3) * 60, b: 60 + ((shade >> 4) & 3) * 60 };
  const image = sharp({ create: { width: 64, height: 64, channels: 3, background } });
  return { mimeType: 'image/png', bytes: await image.png().toBuffer() };
}
