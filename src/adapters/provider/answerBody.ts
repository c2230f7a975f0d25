// Reads the whole body of a response into one buffer, and no more than fits into the worker's memory.

import { freeBuffer } from '../../async/freeBytes.ts';
import type { Release, WeightedSemaphore } from '../../async/weightedSemaphore.ts';

/** Initial size of the buffer if the response does not give its length, bytes. */
const initialSize = 1_048_576;

/** What the excess is taken in, bytes. */
const step = 4_194_304;

/** What answers may have beyond their ordinary size, all calls of a process together, bytes. */
export const excessOfAnswers = 33_554_432;

export interface AnswerRoom {
  /** Bytes that the worker has set aside for this answer. */
  readonly ordinary: number;
  /** What all answers of the process may use beyond that, together. */
  readonly excess: WeightedSemaphore;
}

export class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge';
}

/**
 * Adds what it takes of the excess to `releases`. V8 hardly counts memory outside its heap: the pieces of many answers would pile
 * up for seconds, so each one is freed as soon as it is copied. Throws `AnswerTooLarge`, or like the body's own reader.
 */
export async function wholeBody(
  response: Response,
  { ordinary, excess }: AnswerRoom,
  releases: Release[],
): Promise<Buffer<ArrayBuffer>> {
  let room = ordinary;
  let bytes = new Uint8Array(Math.min(expectedLength(response), ordinary));
  let length = 0;
  const pieces: AsyncIterable<Uint8Array> | Uint8Array[] = response.body ?? [];
  for await (const piece of pieces) {
    const needed = length + piece.length;
    for (; needed > room; room += step) releases.push(excess.tryAcquire(step) ?? tooLarge(room));
    if (needed > bytes.length) bytes = grown(bytes, Math.min(Math.max(needed, bytes.length * 2), room));
    bytes.set(piece, length);
    length = needed;
    // A byte stream transfers ownership of its pieces.
    freeBuffer(piece.buffer);
  }
  return Buffer.from(bytes.buffer, 0, length);
}

/** The start of a body, at most `most` bytes; the rest is not read. */
export async function startOfBody(response: Response, most: number): Promise<string> {
  const kept: Uint8Array[] = [];
  let length = 0;
  const pieces: AsyncIterable<Uint8Array> | Uint8Array[] = response.body ?? [];
  for await (const piece of pieces) {
    kept.push(piece.subarray(0, most - length));
    length += piece.length;
    if (length >= most) break;
  }
  return new TextDecoder().decode(Buffer.concat(kept));
}

const grown = (bytes: Uint8Array<ArrayBuffer>, size: number): Uint8Array<ArrayBuffer> =>
  new Uint8Array(bytes.buffer.transfer(size));

function tooLarge(room: number): never {
  const size = Math.round(room / 1_048_576);
  throw new AnswerTooLarge(`it has more than ${size} MiB, for which this worker has no memory at the moment`);
}

/** Bytes. The header of a compressed body gives the compressed length, which is useless here. */
function expectedLength({ headers }: Response): number {
  const length = Number(headers.get('content-length') ?? 0);
  return length > 0 && !headers.has('content-encoding') ? length : initialSize;
}
