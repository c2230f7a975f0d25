// Sends reference images without a copy of them all in base64: the SDK gets a short mark in place of each image's data, and the
// body that it makes is sent piece by piece, with the base64 of the image where its mark is.

import { randomUUID } from 'node:crypto';

export interface Attachments {
  /** The value for `inlineData.data`, which stands for the bytes. */
  mark(bytes: Uint8Array): string;
  /** The request with its body in pieces. The bytes must not change until it has been sent. */
  attached(init: RequestInit | undefined): RequestInit | undefined | Promise<RequestInit | undefined>;
}

/** The text of the body, and the images in it: in base64, or as they are. */
export type Piece = string | Uint8Array | RawBytes;

export interface RawBytes {
  readonly raw: Uint8Array;
}

/** The whole body, which exists only piece by piece. It can be read any number of times. */
export class PiecewiseBody {
  readonly #pieces: readonly Piece[];

  constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces;
  }

  /** Bytes. */
  get length(): number {
    return this.#pieces.reduce((sum, piece) => sum + encodedLength(piece), 0);
  }

  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    return encoded(this.#pieces);
  }
}

/** For one call: its requests may be sent any number of times. */
export function attachments(): Attachments {
  // No prompt or schema can contain a mark, because it was made after them.
  const prefix = `genwarden-${randomUUID()}-`;
  const images: Uint8Array[] = [];
  return {
    mark: (bytes) => `${prefix}${images.push(bytes) - 1}`,
    attached: (init) => {
      if (images.length === 0 || typeof init?.body !== 'string') return init;
      return { ...init, body: new PiecewiseBody(piecesOf(init.body, prefix, images)), duplex: 'half' };
    },
  };
}

function piecesOf(body: string, prefix: string, images: readonly Uint8Array[]): Piece[] {
  const [first = '', ...rest] = body.split(prefix);
  return [
    first,
    ...rest.flatMap((text) => {
      const number = /^\d+/.exec(text)![0];
      return [images[Number(number)]!, text.slice(number.length)];
    }),
  ];
}

function encodedLength(piece: Piece): number {
  if (typeof piece === 'string') return Buffer.byteLength(piece);
  return 'raw' in piece ? piece.raw.length : Math.ceil(piece.length / 3) * 4;
}

/** Bytes that are encoded at once: a multiple of three, so that only the last piece of an image is padded. */
const step = 3 * 65_536;

async function* encoded(pieces: readonly Piece[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      yield Buffer.from(piece);
      continue;
    }
    if ('raw' in piece) {
      for (let at = 0; at < piece.raw.length; at += step) yield piece.raw.subarray(at, at + step);
      continue;
    }
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    for (let at = 0; at < bytes.length; at += step) {
      yield Buffer.from(bytes.toString('base64', at, at + step), 'latin1');
    }
  }
}
