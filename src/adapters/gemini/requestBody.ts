// Sends reference images without a copy of them all in base64: the SDK gets a short mark in place of each image's data, and the
// body that it makes is sent piece by piece, with the base64 of the image where its mark is.

import { randomUUID } from 'node:crypto';

export interface Attachments {
  /** The value for `inlineData.data`, which stands for the bytes. */
  mark(bytes: Uint8Array): string;
  /** The request with its body in pieces. The bytes must not change until it has been sent. */
  attached(init: RequestInit | undefined): RequestInit | undefined;
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
      const pieces = piecesOf(init.body, prefix, images);
      const headers = new Headers(init.headers);
      headers.set('content-length', String(pieces.reduce((sum, piece) => sum + encodedLength(piece), 0)));
      return { ...init, headers, body: encoded(pieces), duplex: 'half' } as RequestInit;
    },
  };
}

/** The text of the body, and the images in it. */
type Piece = string | Uint8Array;

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

const encodedLength = (piece: Piece): number =>
  typeof piece === 'string' ? Buffer.byteLength(piece) : Math.ceil(piece.length / 3) * 4;

/** Bytes that are encoded at once: a multiple of three, so that only the last piece of an image is padded. */
const step = 3 * 65_536;

async function* encoded(pieces: readonly Piece[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      yield Buffer.from(piece);
      continue;
    }
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    for (let at = 0; at < bytes.length; at += step) {
      yield Buffer.from(bytes.toString('base64', at, at + step), 'latin1');
    }
  }
}
