// The reply of the behaviour `raw`: any status, headers and body, with marks that stand for pictures.

import sharp from 'sharp';
import { imageAnswer } from './answer.ts';
import type { Behaviour } from './behaviour.ts';
import type { GenerateRequest } from './generateRequest.ts';
import type { Painter } from './picture.ts';

type Raw = Extract<Behaviour, { kind: 'raw' }>;

interface RawReply {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
}

export async function rawReply(behaviour: Raw, request: GenerateRequest, painter: Painter): Promise<RawReply> {
  const { status = 200, headers = {}, body = '' } = behaviour;
  const { bytes } = await painter.paintSmall({ ...request, size: { width: 64, height: 64 }, format: 'png' });
  const ordinary = JSON.stringify(imageAnswer(request, { mimeType: 'image/png', bytes }).candidates);
  const written = typeof body === 'string' ? body : JSON.stringify(body);
  const text = written.replaceAll(/"candidates"\s*:\s*"OK_IMAGE"/g, () => `"candidates":${ordinary}`);
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
