// Frees the memory of bytes that nobody reads any more. V8 hardly counts memory outside its heap, so that the garbage collector
// would leave megabytes lying around for seconds.

/** The view and all others of its buffer are empty afterwards. Bytes that share a pool are left to the garbage collector. */
export function freeBytes(bytes: Uint8Array): void {
  const { buffer, byteLength } = bytes;
  if (byteLength === buffer.byteLength && buffer instanceof ArrayBuffer) freeBuffer(buffer);
}

export function freeBuffer(buffer: ArrayBufferLike): void {
  if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}
