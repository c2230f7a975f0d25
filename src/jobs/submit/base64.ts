// Decodes the data of an inline reference: base64 as programs write it, with line breaks, without padding, in the alphabet of
// URLs, or after the prefix of a data URL.

export interface DecodedData {
  readonly bytes: Uint8Array;
  /** The media type of the `data:` prefix, in lower case; undefined without one. */
  readonly mediaType: string | undefined;
}

/**
 * Returns the problem of text that is not base64, with the position of the first wrong character, counted from 1. Text that
 * was cut off is still base64: its image is incomplete.
 */
export function decodeData(text: string): DecodedData | string {
  const prefix = /^\s*data:([^,]{0,200}),/i.exec(text);
  const start = prefix === null ? 0 : prefix[0].length;
  const parameters = prefix?.[1]?.split(';').map((part) => part.trim().toLowerCase());
  if (parameters !== undefined && parameters.at(-1) !== 'base64') return 'is a data URL without ;base64';
  const digits = start === 0 ? text : text.slice(start);
  const bytes = Buffer.from(digits, 'base64');
  const wrong = isComplete(digits, bytes.length) ? undefined : wrongIndex(digits);
  if (wrong !== undefined) {
    return `is not base64: it has ${JSON.stringify(digits.charAt(wrong))} at position ${start + wrong + 1}`;
  }
  return bytes.length === 0 ? 'is not base64: it is empty' : { bytes, mediaType: parameters?.[0] || undefined };
}

/** Node skips what is not base64. Four digits are three bytes: if there are as many as the length promises, none was skipped. */
function isComplete(text: string, bytes: number): boolean {
  const digits = text.length - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0);
  return digits % 4 !== 1 && bytes === Math.floor((digits * 3) / 4);
}

/** White space may be anywhere, and up to two equals signs at the end. */
function wrongIndex(text: string): number | undefined {
  const end = /[^A-Za-z0-9+/_\-\t\n\v\f\r ]/.exec(text)?.index ?? text.length;
  const [closing] = /^=?[\t\n\v\f\r ]*=?[\t\n\v\f\r ]*/.exec(text.slice(end))!;
  return end + closing.length < text.length ? end + closing.length : undefined;
}
