// Recognizes images by their first bytes, because the labels that come with them are wrong now and then.

/** The media types that are accepted as references. */
export type ReferenceMediaType = 'image/png' | 'image/jpeg' | 'image/webp';

/** The media type of an image in a format that workers can read; undefined for any other bytes. */
export function imageTypeOf(bytes: Uint8Array): ReferenceMediaType | 'image/gif' | 'image/avif' | undefined {
  const head = String.fromCharCode(...bytes.subarray(0, 16));
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (head.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (head.startsWith('RIFF') && head.slice(8, 12) === 'WEBP') return 'image/webp';
  if (/^GIF8[79]a/.test(head)) return 'image/gif';
  return /^ftypavi[fs]/.test(head.slice(4)) ? 'image/avif' : undefined;
}
