// Decodes UTF-8 without replacing anything: Node.js turns each invalid byte into U+FFFD by default.

/** Bytes that are not UTF-8. The message follows the name of what was read. */
export class NotUtf8 extends Error {
  override readonly name = 'NotUtf8';
  /** Of the first byte of what is not a character, from 0. */
  readonly offset: number;

  constructor(offset: number, bytes: Uint8Array) {
    const byte = `byte 0x${bytes[offset]!.toString(16).padStart(2, '0')} at offset ${offset}`;
    super(`is not UTF-8: ${byte}${isUtf16(bytes) ? ' (it is UTF-16; save it as UTF-8)' : ''}`);
    this.offset = offset;
  }
}

/** The text, without a byte order mark at its start. Throws `NotUtf8`. */
export function textOfUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new NotUtf8(firstInvalid(bytes), bytes);
  }
}

/** By its byte order mark: editors and shells of Windows may write it. */
const isUtf16 = ([first, second]: Uint8Array): boolean =>
  (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);

/** Where the text would change if it were decoded and encoded again. */
function firstInvalid(bytes: Uint8Array): number {
  const again = new TextEncoder().encode(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
  const differs = bytes.findIndex((byte, at) => byte !== again[at]);
  // The first bytes of the replacement, 0xef 0xbf 0xbd, may be the same; at the end of the bytes, all that there are.
  return again.lastIndexOf(0xef, differs === -1 ? bytes.length - 1 : differs);
}
