// Checks reference images: the content is an accepted format and matches the declared one, its size is within bounds, and all of
// it can be decoded.

import type { FieldError } from '../../job/errors/invalidRequest.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import { foreignFormatOf } from '../../job/imageFormat.ts';
import { imageHeaderOf, type ImageHeader } from '../../job/imageHeader.ts';
import { imageTypeOf, type ReferenceMediaType } from '../../job/imageType.ts';
import { maxReferenceBytes, maxReferencePixels } from '../../job/modelLimits.ts';
import type { ImageReader } from '../../ports/imageReader.ts';

export const imageMediaTypes: readonly ReferenceMediaType[] = ['image/png', 'image/jpeg', 'image/webp'];

export interface NewImage {
  /** For messages: `tasks[3].input.references[0]`, or `The body`. */
  readonly where: string;
  readonly bytes: Uint8Array;
  /** The media type that the client states; undefined if it states none. */
  readonly declared: string | undefined;
}

export interface CheckedImage {
  /** To be stored: turned upright, or as they came. */
  readonly bytes: Uint8Array;
  readonly mediaType: ReferenceMediaType;
}

/**
 * Reads the headers of all images before it decodes the first one. Throws `ImageTooLarge` or `InvalidImage`, whose `errors` name
 * every image with a problem.
 */
export async function checkImages(
  reader: ImageReader,
  tenant: string,
  images: readonly NewImage[],
): Promise<readonly CheckedImage[]> {
  const opened = images.map((image) => open(image));
  throwProblems(opened);
  const checked = await Promise.all(opened.map((image) => decode(reader, tenant, image as OpenedImage)));
  throwProblems(checked);
  return checked as readonly CheckedImage[];
}

interface OpenedImage extends CheckedImage {
  readonly where: string;
  readonly pixels: number;
}

/** `jpg` is no registered type, but a common name of `jpeg`. */
export const mediaTypeOf = (declared: string): string =>
  declared.toLowerCase() === 'image/jpg' ? 'image/jpeg' : declared.toLowerCase();

export const tooLarge = (bytes: number, limit: string, where: string): GenwardenError =>
  new GenwardenError('ImageTooLarge', `${where} has ${bytes} bytes, more than the limit of ${limit}`);

function open({ where, bytes, declared }: NewImage): OpenedImage | FieldError {
  if (bytes.length > maxReferenceBytes) throw tooLarge(bytes.length, '20 MiB', where);
  const found = imageTypeOf(bytes);
  if (!isAccepted(found)) return { path: where, message: foreignProblem(bytes, declared) };
  if (declared !== undefined && mediaTypeOf(declared) !== found) {
    const message = `is declared as ${declared}, but its content is ${found}: declare it as ${found}`;
    return { path: where, message };
  }
  const header = imageHeaderOf(bytes, found);
  const message = headerProblem(header);
  if (message !== undefined) return { path: where, message };
  const { width = 1, height = 1 } = header;
  return { where, bytes, mediaType: found, pixels: width * height };
}

const isAccepted = (type: string | undefined): type is ReferenceMediaType =>
  imageMediaTypes.some((accepted) => accepted === type);

function foreignProblem(bytes: Uint8Array, declared: string | undefined): string {
  if (bytes.length === 0) return 'is empty';
  const format = foreignFormatOf(bytes);
  const what = format === undefined ? 'is not a supported image' : `is ${format.name}`;
  const but = declared === undefined ? '' : `, declared as ${declared}`;
  return `${what}${but}: ${format?.convertible === true ? 'convert it to' : 'send'} JPEG, PNG or WebP`;
}

function headerProblem({ width, height, frames, cutOff }: ImageHeader): string | undefined {
  const problems: string[] = [];
  if (cutOff) problems.push('is cut off');
  if (width === 0 || height === 0) problems.push(`is ${width} × ${height} pixels large`);
  if ((width ?? 0) * (height ?? 0) > maxReferencePixels)
    problems.push(`declares ${width} × ${height} pixels, more than the limit of 50 megapixels (8192 × 6144)`);
  if (frames > 1) problems.push(`is an animation of ${frames} frames: send one of them`);
  return problems.length === 0 ? undefined : problems.join(', and ');
}

async function decode(reader: ImageReader, tenant: string, image: OpenedImage): Promise<CheckedImage | FieldError> {
  const { where, bytes, mediaType, pixels } = image;
  const { problem, upright } = await reader.read({ bytes, mediaType, pixels, tenant });
  if (problem !== undefined) return { path: where, message: problem };
  if (upright === undefined) return { bytes, mediaType };
  if (upright.length > maxReferenceBytes) throw tooLarge(upright.length, '20 MiB, once it is turned upright', where);
  return { bytes: upright, mediaType };
}

function throwProblems(results: readonly (CheckedImage | FieldError)[]): void {
  const errors = results.filter((result) => 'message' in result);
  const [first] = errors;
  if (first === undefined) return;
  const rest = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  const message = `${first.path} ${first.message}${rest}`;
  // A body that is an image has no fields.
  const details = first.path === theBody ? {} : { details: { errors } };
  throw new GenwardenError('InvalidImage', message, details);
}

/** Where the image of an upload is. */
export const theBody = 'The body';
