// Names the format of bytes that are not an accepted image, so that a refusal says what came and what to do.

/** What bytes are, as an end of "The body is …", and whether a person can convert them to an accepted image. */
export interface ForeignFormat {
  readonly name: string;
  readonly convertible: boolean;
}

/** Recognizes a format by its first bytes; undefined if they are unknown. */
export function foreignFormatOf(bytes: Uint8Array): ForeignFormat | undefined {
  const head = String.fromCharCode(...bytes.subarray(0, 1_024));
  const picture = pictures.find(([, pattern]) => pattern.test(head));
  if (picture !== undefined) return { name: picture[0], convertible: true };
  const text = head.replace(/^(\xef\xbb\xbf)?\s+/, '').toLowerCase();
  const other = others.find(([, pattern]) => pattern.test(text) || pattern.test(head));
  return other === undefined ? undefined : { name: other[0], convertible: false };
}

// Signatures have control characters.
/* oxlint-disable no-control-regex */
// Files of the ISO base media format (ISO/IEC 14496-12) begin with a box that lists their brands.
const pictures: readonly [name: string, pattern: RegExp][] = [
  ['AVIF', /^[^]{4}ftyp(avif|avis|(mif1|msf1)[^]{4}([^]{4}){0,8}?avif)/],
  ['HEIC', /^[^]{4}ftyp(hei[cmsx]|hev[cmsx]|mif1|msf1)/],
  ['a raw photograph (CR3)', /^[^]{4}ftypcrx/],
  ['GIF', /^GIF8/],
  ['TIFF or a raw photograph', /^(II[*+]\0|MM\0[*+])/],
  ['BMP', /^BM[^]{8}/],
  ['ICO', /^\0\0[\x01\x02]\0/],
  ['JPEG XL', /^(\xff\x0a|\0\0\0\x0cJXL )/],
  ['JPEG 2000', /^(\0\0\0\x0cjP {2}|\xff\x4f\xff\x51)/],
  ['a Photoshop document', /^8BPS/],
  ['SVG', /^(\xef\xbb\xbf)?\s*(?=<(\?xml|!--|!DOCTYPE svg|svg[\s>]))[^]*?<svg[\s>]/i],
];

const others: readonly [name: string, pattern: RegExp][] = [
  ['a video', /^[^]{4}ftyp|^\x1a\x45\xdf\xa3/],
  ['PDF', /^%PDF-/],
  ['PostScript', /^%!PS/],
  ['an HTML page', /^<(!doctype html|html|head|body)/],
  ['XML', /^<\?xml/],
  ['JSON', /^[{[]\s*["{[\]}]/],
  ['a ZIP archive', /^PK\x03\x04/],
  ['gzip data', /^\x1f\x8b/],
  ['a data URL, not the bytes that it contains', /^data:/],
  ['base64 text, not the bytes that it encodes', /^(\/9j\/|iVBORw0KGgo|UklGR)/],
];
