// The reply of the behaviour `raw`: any status, headers and body, with marks that stand for pictures.

import sharp from 'sharp';
import type { Behaviour } from './behaviour.ts';
import type { Painter, PictureRequest } from './picture.ts';
import type { Reply } from './reply.ts';

type Raw = Extract<Behaviour, { kind: 'raw' }>;

/** `written` turns the body's text, before the pictures are put into it, with the base64 of a small picture at hand. */
export async function rawReply(
  behaviour: Raw,
  request: Pick<PictureRequest, 'prompt' | 'seed' | 'references'>,
  painter: Painter,
  written: (text: string, bytes: Buffer) => string,
): Promise<Pick<Reply, 'status' | 'headers' | 'body'>> {
  const { status = 200, headers = {}, body = '' } = behaviour;
  const { bytes } = await painter.paintSmall({ ...request, size: { width: 64, height: 64 }, format: 'png' });
  const text = written(typeof body === 'string' ? body : JSON.stringify(body), bytes);
  const sent = Buffer.from(isEmpty(status) ? '' : await withPictures(text, bytes));
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return { status, headers: lower, body: sent };
}

const formats = { IMAGE: 'png', JPEG: 'jpeg', WEBP: 'webp', GIF: 'gif' } as const;

async function withPictures(text: string, png: Buffer): Promise<string> {
  let replaced = text;
  for (const [mark, format] of Object.entries(formats)) {
    if (!replaced.includes(`OK_${mark}`)) continue;
    const bytes = format === 'png' ? png : await sharp(png).toFormat(format).toBuffer();
    replaced = replaced.replaceAll(`OK_${mark}`, bytes.toString('base64'));
  }
  return replaced;
}

const isEmpty = (status: number): boolean => status === 204 || status === 304;
