// The images of an answer of the Images API: base64, or addresses to fetch them from. Only the bytes decide what they are.

import { AttemptFailed, taskError } from '../../job/errors/index.ts';
import { imageTypeOf } from '../../job/imageType.ts';
import type { Generated, GeneratedImage } from '../../ports/provider.ts';
import { AnswerTooLarge } from '../provider/answerBody.ts';
import { failedAnswer } from '../provider/failedAnswer.ts';
import { textsOf, usageOf } from './answer.ts';
import { fieldsOf, type Fields } from '../provider/looseJson.ts';

export interface ImageSources {
  /** The bytes of a base64 text. */
  readonly bytesOf: (data: string) => Uint8Array;
  /** The bytes at an address. */
  readonly fetched: (url: URL) => Promise<Uint8Array>;
}

/** Whether the body is an answer of the Images API. */
export const isImages = ({ data }: Fields): boolean => Array.isArray(data);

/** Throws `AttemptFailed` for an answer without an image. */
export async function readImages(body: Fields, sources: ImageSources): Promise<Generated> {
  const usage = usageOf(fieldsOf(body['usage']));
  const facts = { usage, reason: undefined };
  const entries = (body['data'] as unknown[]).map(fieldsOf);
  const images: GeneratedImage[] = [];
  for (const entry of entries) {
    const bytes = await bytesIn(entry, sources, usage);
    const mediaType = bytes === undefined ? undefined : imageTypeOf(bytes);
    if (bytes !== undefined && mediaType !== undefined) images.push({ mediaType, bytes });
  }
  if (images.length === 0 && entries.length === 0) throw failedAnswer('NoOutput', 'The answer has no image', facts);
  if (images.length === 0)
    throw failedAnswer('ProviderResponseInvalid', "The answer's image data is not an image", facts);
  const { size, quality, output_format: format } = body;
  const revised = textOf(entries[0]?.['revised_prompt'])?.slice(0, 2_000);
  const provenance = textsOf({ size, quality, format, revisedPrompt: revised });
  return { images, output: null, usage: { ...usage, images: images.length }, provenance };
}

async function bytesIn(
  entry: Fields,
  sources: ImageSources,
  usage: Generated['usage'],
): Promise<Uint8Array | undefined> {
  const { b64_json: base64, url } = entry;
  if (typeof base64 === 'string' && base64 !== '') return sources.bytesOf(base64);
  if (typeof url !== 'string' || url === '') return undefined;
  if (url.startsWith('data:')) return sources.bytesOf(url);
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw paid('ProviderResponseInvalid', "The answer's image address is not an http or https URL", usage);
  }
  return await fetchedFrom(new URL(url), sources, usage);
}

/** The message names the host only: the rest of the address may be signed. */
async function fetchedFrom(url: URL, { fetched }: ImageSources, usage: Generated['usage']): Promise<Uint8Array> {
  try {
    return await fetched(url);
  } catch (error) {
    if (error instanceof AttemptFailed || (error instanceof Error && error.name === 'AbortError')) throw error;
    const why =
      error instanceof AnswerTooLarge || error instanceof ImageRefused ? error.message : 'the connection failed';
    throw paid('ProviderResponseInvalid', `Cannot fetch the image from ${url.host}: ${why}`, usage);
  }
}

/** The server of the image answered with another status than 200. */
export class ImageRefused extends Error {}

const paid = (code: 'ProviderResponseInvalid', message: string, usage: Generated['usage']): AttemptFailed =>
  new AttemptFailed(taskError(code, message), { usage });

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
