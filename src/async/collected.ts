// Collects a stream of known size in one buffer.

/**
 * The buffer is for these bytes alone, so that its reader can free it. A list of the parts would hold all of them twice. Throws a
 * `RangeError` if there are more than `size` bytes.
 */
export async function collected(parts: AsyncIterable<Uint8Array>, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let at = 0;
  for await (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
