// The images of an answer. Only the bytes decide what they are: labels are wrong, missing or in capitals now and then.

import { imageTypeOf } from '../../job/imageType.ts';
import type { GeneratedImage } from '../../ports/provider.ts';
import type { ImageData } from '../provider/imageData.ts';
import type { Part } from './rawAnswer.ts';

export interface Pictures {
  readonly images: readonly GeneratedImage[];
  /** Data that is not an image. */
  readonly unreadable: number;
}

/** The images of the parts; only without any, those that a gateway put into the text as data URLs. */
export function picturesOf(parts: readonly Part[], bytesOf: ImageData['bytesOf']): Pictures {
  const inline = parts.flatMap(({ data }) => data ?? []).map((data) => pictureOf(bytesOf(data)));
  const pictures = inline.some((one) => one !== undefined) ? inline : [...inline, ...inText(parts, bytesOf)];
  const images = pictures.filter((one) => one !== undefined);
  return { images, unreadable: pictures.length - images.length };
}

/** The text without the images that it contains. */
export function withoutPictures(text: string): string {
  return text.replaceAll(markdownImage, '').replaceAll(dataUrl, '[image]').trim();
}

function pictureOf(bytes: Uint8Array): GeneratedImage | undefined {
  const mediaType = imageTypeOf(bytes);
  return mediaType === undefined ? undefined : { mediaType, bytes };
}

const dataUrl = /data:image\/[\w.+-]+;base64,([\w+/=@-]+)/gi;
const markdownImage = /!\[[^\]]*\]\(\s*data:image\/[\w.+-]+;base64,[\w+/=@-]+[^)]*\)/gi;

function inText(parts: readonly Part[], bytesOf: ImageData['bytesOf']): (GeneratedImage | undefined)[] {
  const data = parts.flatMap(({ text }) => Array.from(text.matchAll(dataUrl), ([, base64 = '']) => base64));
  return data.map((base64) => pictureOf(bytesOf(base64)));
}
