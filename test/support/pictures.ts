// Small pictures of every kind that a client may send: valid ones, broken ones, and those that declare what they do not hold.

import { readFileSync } from 'node:fs';
import { crc32, deflateSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';

export const photo = readFileSync(new URL('../../examples/front-yard.jpg', import.meta.url));

export interface Picture {
  readonly mediaType: 'image/png' | 'image/jpeg' | 'image/webp';
  readonly bytes: Buffer;
}

const png = (bytes: Buffer): Picture => ({ mediaType: 'image/png', bytes });
const jpeg = (bytes: Buffer): Picture => ({ mediaType: 'image/jpeg', bytes });
const webp = (bytes: Buffer): Picture => ({ mediaType: 'image/webp', bytes });

const scene = (): Sharp => sharp(photo).resize(320, 240);

/** By what is unusual about each. */
export async function validPictures(): Promise<Record<string, Picture>> {
  const grey = scene().toColourspace('b-w');
  const plain = await scene().jpeg().toBuffer();
  return {
    'a photograph': jpeg(photo),
    'a JPEG': jpeg(plain),
    'a progressive JPEG': jpeg(await scene().jpeg({ progressive: true }).toBuffer()),
    'a CMYK JPEG': jpeg(await scene().toColourspace('cmyk').jpeg().toBuffer()),
    'a grey JPEG': jpeg(await grey.clone().jpeg().toBuffer()),
    'a JPEG with a video behind it, as telephones append': jpeg(Buffer.concat([plain, Buffer.alloc(5_000, 7)])),
    'a JPEG with scan parameters as Samsung writes them': jpeg(withOddScan(plain)),
    'an Ultra HDR JPEG, as telephones take them': jpeg(await withGainMap()),
    'a PNG': png(await scene().png().toBuffer()),
    'an interlaced PNG': png(await scene().png({ progressive: true }).toBuffer()),
    'a PNG of 16 bits': png(await scene().toColourspace('rgb16').png().toBuffer()),
    'a PNG of grey and alpha': png(await grey.clone().ensureAlpha(0.5).png().toBuffer()),
    'a PNG with a palette': png(await scene().png({ palette: true }).toBuffer()),
    'a PNG of one pixel': png(await scene().resize(1, 1).png().toBuffer()),
    'a WebP': webp(await scene().webp().toBuffer()),
    'a lossless WebP': webp(await scene().webp({ lossless: true }).toBuffer()),
    'a WebP with transparency': webp(await scene().ensureAlpha(0.5).webp().toBuffer()),
    'a WebP with a colour profile': webp(await scene().withIccProfile('p3').webp().toBuffer()),
  };
}

export interface BrokenPicture extends Picture {
  /** What a refusal must say. */
  readonly says: RegExp;
}

export async function brokenPictures(): Promise<Record<string, BrokenPicture>> {
  const valid = await validPictures();
  const of = (name: string): Picture => valid[name]!;
  const broken = (picture: Picture, says: RegExp): BrokenPicture => ({ ...picture, says });
  const cut = (name: string, keep: (length: number) => number = (length) => length >> 1): BrokenPicture => {
    const { mediaType, bytes } = of(name);
    return { mediaType, bytes: bytes.subarray(0, keep(bytes.length)), says: /is cut off/ };
  };
  return {
    'half a photograph': cut('a photograph'),
    'half a JPEG': cut('a JPEG'),
    'half a progressive JPEG': cut('a progressive JPEG'),
    'a JPEG without its end': cut('a JPEG', (length) => length - 40),
    'the first 20 bytes of a JPEG': cut('a JPEG', () => 20),
    'the first three bytes of a JPEG': cut('a JPEG', () => 3),
    'half a PNG': cut('a PNG'),
    'half an interlaced PNG': cut('an interlaced PNG'),
    'a PNG without IEND': cut('a PNG', (length) => length - 12),
    'the signature of a PNG': cut('a PNG', () => 8),
    'half a WebP': cut('a WebP'),
    'half a lossless WebP': cut('a lossless WebP'),
    'the first 16 bytes of a WebP': cut('a WebP', () => 16),
    'no bytes': broken(png(Buffer.alloc(0)), /is empty/),
    'a PNG with a hole': broken(withHole(of('a PNG')), /is broken/),
    'a progressive JPEG with a hole': broken(withHole(of('a progressive JPEG')), /is broken/),
    'random bytes behind the first ones of a JPEG': broken(
      jpeg(noise([0xff, 0xd8, 0xff, 0xe0, 0, 16])),
      /is (broken|cut off)/,
    ),
    'a PNG without image data': broken(png(pngOf({ width: 20, height: 20 })), /is broken/),
    'a PNG with too few rows': broken(png(pngOf({ width: 20, height: 20, rows: 10 })), /is broken/),
    'a PNG of no pixels': broken(png(pngOf({ width: 0, height: 10, rows: 10 })), /is 0 × 10 pixels large/),
    'a JPEG of no rows': broken(jpeg(withHeight(of('a JPEG').bytes, 0)), /is 320 × 0 pixels large/),
    'a PNG of 33 bytes and 20000 × 20000 pixels': broken(
      png(pngOf({ width: 20_000, height: 20_000 }).subarray(0, 33)),
      /is cut off, and declares 20000 × 20000 pixels, more than the limit of 50 megapixels/,
    ),
    'a PNG of 20000 × 20000 pixels in a few bytes': broken(
      png(pngOf({ width: 20_000, height: 20_000, rows: 20_000, bits: 1 })),
      /declares 20000 × 20000 pixels, more than the limit of 50 megapixels \(8192 × 6144\)/,
    ),
    'a JPEG that declares 65500 × 320 pixels': broken(
      jpeg(withHeight(of('a JPEG').bytes, 65_500, 65_500)),
      /declares 65500 × 65500 pixels/,
    ),
    'an animated PNG': broken(png(animatedPng(of('a PNG').bytes)), /is an animation of 3 frames: send one of them/),
    'an animated WebP': broken(webp(await animatedWebp()), /is an animation of 3 frames/),
  };
}

export interface ForeignPicture {
  readonly bytes: Buffer;
  readonly says: RegExp;
}

/** Formats that are not accepted, by name. */
export async function foreignPictures(): Promise<Record<string, ForeignPicture>> {
  const box = (brand: string, ...compatible: string[]): Buffer => {
    const names = `ftyp${brand}\0\0\0\0${compatible.join('')}`;
    return Buffer.from(`\0\0\0${String.fromCharCode(4 + names.length)}${names}${'\0'.repeat(400)}`, 'latin1');
  };
  const text = (content: string): Buffer => Buffer.from(content, 'latin1');
  const convert = (name: string): RegExp => new RegExp(`is ${name}[^:]*: convert it to JPEG, PNG or WebP`);
  const send = (name: string): RegExp => new RegExp(`is ${name}[^:]*: send JPEG, PNG or WebP`);
  return {
    HEIC: { bytes: box('heic', 'mif1', 'heic'), says: convert('HEIC') },
    'HEIC of another brand': { bytes: box('mif1', 'mif1', 'heic'), says: convert('HEIC') },
    AVIF: { bytes: await scene().avif({ effort: 0 }).toBuffer(), says: convert('AVIF') },
    'AVIF of another brand': { bytes: box('mif1', 'mif1', 'miaf', 'avif'), says: convert('AVIF') },
    GIF: { bytes: await scene().gif().toBuffer(), says: convert('GIF') },
    TIFF: { bytes: await scene().tiff().toBuffer(), says: convert('TIFF') },
    BMP: { bytes: text(`BM\x46\0\0\0\0\0\0\0\x36${'\0'.repeat(80)}`), says: convert('BMP') },
    ICO: { bytes: text(`\0\0\x01\0\x01\0${'\0'.repeat(80)}`), says: convert('ICO') },
    'JPEG XL': { bytes: text('\xff\x0a\xfa\x1f\x01\x90'), says: convert('JPEG XL') },
    'JPEG 2000': { bytes: text('\0\0\0\x0cjP  \r\n\x87\n'), says: convert('JPEG 2000') },
    SVG: { bytes: text('<?xml version="1.0"?>\n<!-- a -->\n<svg xmlns="…"></svg>'), says: convert('SVG') },
    'a video': { bytes: box('isom', 'mp42'), says: send('a video') },
    PDF: { bytes: text('%PDF-1.7\n'), says: send('PDF') },
    HTML: { bytes: text('\n<!DOCTYPE html><title>404</title>'), says: send('an HTML page') },
    JSON: { bytes: text('{"error": "not found"}'), says: send('JSON') },
    base64: { bytes: text(photo.toString('base64')), says: send('base64 text, not the bytes') },
    'a data URL': { bytes: text('data:image/png;base64,iVBO'), says: /is a data URL, not the bytes that it contains/ },
    text: { bytes: text('a photograph of a yard'), says: /is not a supported image/ },
  };
}

/** Adds EXIF with nothing but the orientation to a JPEG, behind SOI. */
export function withOrientation(bytes: Buffer, orientation: number): Buffer {
  const tiff = Buffer.from('MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0', 'latin1');
  tiff.writeUInt16BE(orientation, 18);
  const exif = Buffer.concat([Buffer.from([0xff, 0xe1, 0, tiff.length + 8]), Buffer.from('Exif\0\0', 'latin1'), tiff]);
  return Buffer.concat([bytes.subarray(0, 2), exif, bytes.subarray(2)]);
}

/** A PNG of one grey channel and the given rows, all black; without rows, it has no image data. */
function pngOf(wanted: { width: number; height: number; rows?: number; bits?: 1 | 8 }): Buffer {
  const { width, height, rows = 0, bits = 8 } = wanted;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = bits;
  const data = deflateSync(Buffer.alloc(rows * (1 + Math.ceil((width * bits) / 8))));
  const parts = [chunkOf('IHDR', header), ...(rows === 0 ? [] : [chunkOf('IDAT', data)]), chunkOf('IEND')];
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...parts]);
}

function chunkOf(name: string, data: Buffer = Buffer.alloc(0)): Buffer {
  const chunk = Buffer.alloc(12 + data.length);
  chunk.writeUInt32BE(data.length, 0);
  chunk.write(name, 4, 'latin1');
  data.copy(chunk, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length);
  return chunk;
}

/** acTL: the number of frames, and how often they are shown. */
function animatedPng(bytes: Buffer): Buffer {
  const control = chunkOf('acTL', Buffer.from([0, 0, 0, 3, 0, 0, 0, 0]));
  return Buffer.concat([bytes.subarray(0, 33), control, bytes.subarray(33)]);
}

function animatedWebp(): Promise<Buffer> {
  const pixels = Buffer.alloc(20 * 60 * 3, 90).fill(200, 0, 1_200);
  pixels.fill(20, 2_400);
  return sharp(pixels, { raw: { width: 20, height: 60, channels: 3, pageHeight: 20 } })
    .webp({ loop: 0 })
    .toBuffer();
}

function withHole({ mediaType, bytes }: Picture): Picture {
  const holed = Buffer.from(bytes);
  const from = bytes.length >> 1;
  for (let at = from; at < from + (bytes.length >> 2); at += 1) holed[at] = (at * 197 + 61) & 0xff;
  return { mediaType, bytes: holed };
}

function noise(head: readonly number[]): Buffer {
  return Buffer.concat([Buffer.from(head), Buffer.from(Array.from({ length: 900 }, (_, at) => (at * 151 + 43) % 251))]);
}

/** A JPEG with a second one behind it, which tells by how much each place is brighter than the first one can show. */
function withGainMap(): Promise<Buffer> {
  const light = Float32Array.from({ length: 320 * 240 * 3 }, (_, at) => (at % 977) / 200);
  const image = sharp(Buffer.from(light.buffer), { raw: { width: 320, height: 240, channels: 3 } });
  // The types of sharp lack it.
  const { withGainMap: attach } = image as unknown as { withGainMap: (this: Sharp) => Sharp };
  return attach.call(image.pipelineColourspace('scrgb')).jpeg().toBuffer();
}

/** Sets the end of the spectral selection to 62. libjpeg warns, and shows every pixel. */
function withOddScan(bytes: Buffer): Buffer {
  const odd = Buffer.from(bytes);
  const scan = odd.indexOf(Buffer.from([0xff, 0xda]));
  odd[scan + odd.readUInt16BE(scan + 2)] = 62;
  return odd;
}

function withHeight(bytes: Buffer, height: number, width?: number): Buffer {
  const changed = Buffer.from(bytes);
  const frame = changed.indexOf(Buffer.from([0xff, 0xc0]));
  changed.writeUInt16BE(height, frame + 5);
  if (width !== undefined) changed.writeUInt16BE(width, frame + 7);
  return changed;
}
