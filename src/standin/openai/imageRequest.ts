// Parses and validates the requests of the Images API: JSON for generations, a form for edits.

import { z } from 'zod';
import { checked, formNumber } from './fields.ts';
import { filesIn, formOf } from './multipart.ts';
import { invalid, OpenAIError } from './openaiError.ts';
import type { SceneSize } from '../scene.ts';

export interface ImageRequest {
  readonly model: string;
  readonly prompt: string;
  readonly references: readonly Buffer[];
  readonly size: SceneSize;
  readonly format: 'png' | 'jpeg' | 'webp';
  /** Whether the answer has an address instead of base64. */
  readonly byUrl: boolean;
}

/** The list of models; any other name is served too. */
export const imageModels: readonly string[] = [
  'gpt-image-2.5-sunburst',
  'gpt-image-2.5-flare',
  'gpt-image-2',
  'gpt-image-1.5',
  'gpt-image-1-mini',
];

const shared = {
  model: z.string().min(1),
  prompt: z.string().min(1).max(32_000),
  n: formNumber.pipe(z.int().min(1).max(10)).optional(),
  size: z.string().optional(),
  quality: z.enum(['auto', 'low', 'medium', 'high', 'xhigh', 'max', 'standard', 'hd']).optional(),
  background: z.enum(['auto', 'opaque', 'transparent']).optional(),
  output_format: z.enum(['png', 'jpeg', 'webp']).optional(),
  output_compression: formNumber.pipe(z.int().min(0).max(100)).optional(),
  response_format: z.enum(['url', 'b64_json']).optional(),
  user: z.string().optional(),
  safety_identifier: z.string().optional(),
};

const generation = z.strictObject({
  ...shared,
  moderation: z.enum(['auto', 'low']).optional(),
  style: z.enum(['vivid', 'natural']).optional(),
});
const edit = z.strictObject({ ...shared, input_fidelity: z.enum(['low', 'high']).optional() });

/** Throws OpenAIError 400 for what the real service rejects. */
export function parseGeneration(body: Buffer): ImageRequest {
  return requestOf(checked(generation, parsedJson(body)), []);
}

export function parseEdit(contentType: string | undefined, body: Buffer): ImageRequest {
  const form = formOf(contentType, body);
  const files = filesIn(form, ['image', 'image[]']);
  if (files.length === 0) throw invalid("Missing required parameter: 'image'.", 'image', 'missing_required_parameter');
  if (files.length > 16)
    throw invalid(`Invalid 'image': expected at most 16 images, but got ${files.length}.`, 'image');
  for (const { type, bytes } of files) {
    if (!/^image\/(?:png|jpeg|webp)$/.test(type))
      throw invalid(`Invalid file 'image': unsupported mimetype ('${type}').`, 'image', 'unsupported_file_mimetype');
    if (bytes.length >= 50_000_000) throw invalid("Invalid file 'image': it must be less than 50MB.", 'image');
  }
  const request = checked(edit, Object.fromEntries(form.fields));
  if (request.model.startsWith('dall-e-3')) throw invalid("Invalid value: 'dall-e-3' does not edit.", 'model');
  return requestOf(
    request,
    files.map(({ bytes }) => bytes),
  );
}

export function parsedJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new OpenAIError(400, 'We could not parse the JSON body of your request.');
  }
}

type Checked = z.infer<typeof edit>;

function requestOf(request: Checked, references: readonly Buffer[]): ImageRequest {
  const { model, prompt, size, output_format: format = 'png', response_format: form } = request;
  const isLegacy = model.startsWith('dall-e');
  if (form !== undefined && !isLegacy)
    throw invalid("Unknown parameter: 'response_format'.", 'response_format', 'unknown_parameter');
  if (request.output_compression !== undefined && format === 'png')
    throw invalid('Compression less than 100 is not supported for PNG output format.', 'output_compression');
  const byUrl = isLegacy && form !== 'b64_json';
  return { model, prompt, references, size: sizeOf(model, size), format, byUrl };
}

const fixed = ['1024x1024', '1536x1024', '1024x1536'];
const legacy = ['1024x1024', '1792x1024', '1024x1792'];

function sizeOf(model: string, size = 'auto'): SceneSize {
  if (size === 'auto') return { width: 1_024, height: 1_024 };
  const [width = 0, height = 0] = /^\d+x\d+$/.test(size) ? size.split('x').map(Number) : [];
  const isAnySize = /^gpt-image-[2-9]/.test(model);
  const known = model.startsWith('dall-e') ? legacy : fixed;
  if (!isAnySize && !known.includes(size)) {
    const list = [...known, 'auto'].map((one) => `'${one}'`).join(', ');
    throw invalid(`Invalid value: '${size}'. Supported values are: ${list}.`, 'size');
  }
  const isPossible = width % 16 === 0 && height % 16 === 0 && width * height <= 3_840 * 2_160 && width * height > 0;
  const ratio = width / height;
  if (!isPossible || ratio > 3 || ratio < 1 / 3) throw invalid(`Invalid size '${size}'.`, 'size');
  return { width, height };
}
