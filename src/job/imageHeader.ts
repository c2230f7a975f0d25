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

const cutOff: ImageHeader = { frames: 1, cutOff: true };

const nameAt = (view: DataView, at: number): string =>
  String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + at, 4));

/** Chunks of a length, a name, data and a checksum, from IHDR to IEND; acTL announces an animation (PNG, third edition). */
function pngHeader(view: DataView): ImageHeader {
  if (view.byteLength < 24) return cutOff;
  const size = { width: view.getUint32(16), height: view.getUint32(20) };
  let frames = 1;
  for (let at = 8; at + 12 <= view.byteLength; at += 12 + view.getUint32(at)) {
    const name = nameAt(view, at + 4);
    // Damage, and no end: the decoder names the problem.
    if (!/^[A-Za-z]{4}$/.test(name)) return { ...size, frames, cutOff: false };
    if (name === 'acTL' && at + 12 <= view.byteLength) frames = Math.max(1, view.getUint32(at + 8));
    if (name === 'IEND') return { ...size, frames, cutOff: false };
  }
  return { ...size, frames, cutOff: true };
}

/** Segments from SOI to the frame header, SOF0 to SOF15 without DHT, JPG and DAC (ITU T.81, B.1.1.3). */
function jpegHeader(view: DataView): ImageHeader {
  let at = 2;
  while (at + 4 <= view.byteLength) {
    const marker = view.getUint8(at) === 0xff ? view.getUint8(at + 1) : 0;
    // Decoders skip bytes between segments, and markers may be preceded by any number of fill bytes.
    const standsAlone = marker === 0 || marker === 0xff || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    if (standsAlone) {
      at += marker === 0 || marker === 0xff ? 1 : 2;
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) {
      if (at + 9 > view.byteLength) return cutOff;
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5), frames: 1, cutOff: false };
    }
    // The scan or the end, without a frame header: the decoder names the problem.
    if (marker === 0xda || marker === 0xd9) return { frames: 1, cutOff: false };
    at += 2 + view.getUint16(at + 2);
  }
  return cutOff;
}

/** A RIFF container whose first chunk is VP8, VP8L or VP8X (RFC 9649). */
function webpHeader(view: DataView): ImageHeader {
  const cut = view.byteLength < 30 || view.getUint32(4, true) + 8 > view.byteLength;
  if (view.byteLength < 30) return cutOff;
  const chunk = nameAt(view, 12);
  const uint24 = (at: number): number => view.getUint16(at, true) + 65_536 * view.getUint8(at + 2);
  if (chunk === 'VP8X') {
    const isAnimated = (view.getUint8(20) & 0x02) !== 0;
    const frames = isAnimated ? framesIn(view) : 1;
    return { width: uint24(24) + 1, height: uint24(27) + 1, frames, cutOff: cut };
  }
  if (chunk === 'VP8L') {
    const bits = view.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1, frames: 1, cutOff: cut };
  }
  if (chunk !== 'VP8 ') return { frames: 1, cutOff: cut };
  const [width, height] = [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
  return { width, height, frames: 1, cutOff: cut };
}

function framesIn(view: DataView): number {
  let frames = 0;
  for (let at = 12; at + 8 <= view.byteLength;) {
    if (nameAt(view, at) === 'ANMF') frames += 1;
    const length = view.getUint32(at + 4, true);
    at += 8 + length + (length % 2);
  }
  return Math.max(1, frames);
}
