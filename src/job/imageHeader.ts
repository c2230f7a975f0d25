// Reads the size of a PNG, JPEG or WebP image from its header, without decoding it: an image that declares too many pixels
// must never reach a decoder.

import type { ReferenceMediaType } from './imageType.ts';

export interface ImageHeader {
  /** Pixels; undefined if the header ends before it tells. */
  readonly width?: number;
  readonly height?: number;
  /** More than 1 for an animation. */
  readonly frames: number;
  /** The file ends before its structure says that it does. The pixels of a JPEG may be cut off even if this is false. */
  readonly cutOff: boolean;
}

export function imageHeaderOf(bytes: Uint8Array, type: ReferenceMediaType): ImageHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (type === 'image/png') return pngHeader(view);
  return type === 'image/jpeg' ? jpegHeader(view) : webpHeader(view);
}

/** The parts of a file that are looked at. Images have far fewer; what is in a file with more is left to the decoder. */
const mostParts = 100_000;

const cutOff: ImageHeader = { frames: 1, cutOff: true };
const leftToDecoder: ImageHeader = { frames: 1, cutOff: false };

/** The number that a name of four letters makes in a file. */
const code = (name: string): number =>
  new DataView(Uint8Array.from(name, (each) => each.charCodeAt(0)).buffer).getUint32(0);
const [acTL, IEND, VP8, VP8L, VP8X, ANMF] = ['acTL', 'IEND', 'VP8 ', 'VP8L', 'VP8X', 'ANMF'].map(code);

/** Chunks of a length, a name, data and a checksum, from IHDR to IEND; acTL announces an animation (PNG, third edition). */
function pngHeader(view: DataView): ImageHeader {
  if (view.byteLength < 24) return cutOff;
  const size = { width: view.getUint32(16), height: view.getUint32(20) };
  let frames = 1;
  let at = 8;
  for (let part = 0; at + 12 <= view.byteLength; part += 1) {
    const name = view.getUint32(at + 4);
    if (name === acTL) frames = Math.max(1, view.getUint32(at + 8));
    // No name has a byte below 64: this is damage, and no end.
    if (name === IEND || part === mostParts || (name & 0x40404040) !== 0x40404040)
      return { ...size, frames, cutOff: false };
    at += 12 + view.getUint32(at);
  }
  return { ...size, frames, cutOff: true };
}

/** Segments from SOI to the frame header, SOF0 to SOF15 without DHT, JPG and DAC (ITU T.81, B.1.1.3). */
function jpegHeader(view: DataView): ImageHeader {
  let at = 2;
  for (let part = 0; part < mostParts; part += 1) {
    if (at + 4 > view.byteLength) return cutOff;
    const marker = view.getUint8(at) === 0xff ? view.getUint8(at + 1) : 0;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) {
      if (at + 9 > view.byteLength) return cutOff;
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5), frames: 1, cutOff: false };
    }
    // The scan or the end, without a frame header.
    if (marker === 0xda || marker === 0xd9) return leftToDecoder;
    // Decoders skip bytes between segments, and markers may be preceded by any number of fill bytes.
    if (marker === 0 || marker === 0xff) at += 1;
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) at += 2;
    else at += 2 + view.getUint16(at + 2);
  }
  return leftToDecoder;
}

/** A RIFF container whose first chunk is VP8, VP8L or VP8X (RFC 9649). */
function webpHeader(view: DataView): ImageHeader {
  if (view.byteLength < 30) return cutOff;
  const about = { frames: 1, cutOff: view.getUint32(4, true) + 8 > view.byteLength };
  const chunk = view.getUint32(12);
  if (chunk === VP8X) {
    const isAnimated = (view.getUint8(20) & 0x02) !== 0;
    const uint24 = (at: number): number => view.getUint16(at, true) + 65_536 * view.getUint8(at + 2);
    return { ...about, width: uint24(24) + 1, height: uint24(27) + 1, frames: isAnimated ? framesIn(view) : 1 };
  }
  if (chunk === VP8L) {
    const bits = view.getUint32(21, true);
    return { ...about, width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (chunk !== VP8) return about;
  return { ...about, width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
}

function framesIn(view: DataView): number {
  let frames = 0;
  let at = 12;
  for (let part = 0; part < mostParts && at + 8 <= view.byteLength; part += 1) {
    if (view.getUint32(at) === ANMF) frames += 1;
    const length = view.getUint32(at + 4, true);
    at += 8 + length + (length % 2);
  }
  return Math.max(1, frames);
}
