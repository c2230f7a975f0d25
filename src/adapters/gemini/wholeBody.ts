// Reads the body of a response into one buffer. V8 hardly counts the memory outside of its heap: the pieces of many answers
// would pile up for seconds, so that each is freed as soon as it is copied.

/** Bytes to start with where the response does not say how long it is. */
const first = 1_048_576;

/** The whole body; throws as the body's own reader does. */
export async function wholeBody(response: Response): Promise<Buffer<ArrayBuffer>> {
  let bytes = new Uint8Array(expectedLength(response));
  let length = 0;
  const pieces: AsyncIterable<Uint8Array> | Uint8Array[] = response.body ?? [];
  for await (const piece of pieces) {
    const needed = length + piece.length;
    if (needed > bytes.length) bytes = new Uint8Array(bytes.buffer.transfer(Math.max(needed, bytes.length * 2)));
    bytes.set(piece, length);
    length = needed;
    // A byte stream hands its pieces over for good.
    free(piece.buffer);
  }
  return Buffer.from(bytes.buffer, 0, length);
}

/** Frees the memory at once. Whoever still reads the buffer finds it empty. */
export function free(buffer: ArrayBufferLike): void {
  if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}

/** Bytes. Of a compressed body it is the compressed length that the header says. */
function expectedLength({ headers }: Response): number {
  const length = Number(headers.get('content-length') ?? 0);
  return length > 0 && !headers.has('content-encoding') ? length : first;
}
