// Parses and validates a generateContent request, and rejects with 400 what Google rejects.

import { GoogleError } from './googleError.ts';
import { checkFields, type Config, type Part, type RequestBody } from './requestFields.ts';
import type { SceneSize } from '../scene.ts';

export interface GenerateRequest {
  model: string;
  prompt: string;
  references: readonly Buffer[];
  seed: number | undefined;
  /** The size of the image to draw; undefined for text. */
  image: SceneSize | undefined;
  /** Whether the answer may have a text part next to the image. */
  wantsText: boolean;
  /** The schema of a JSON answer, `true` for JSON of any form, undefined for plain text. */
  json: unknown;
}

/** What the path names. */
export interface Called {
  version: string;
  model: string;
}

/** The list of models; any other name is served too. */
export const imageModels = [
  'gemini-3.1-flash-image',
  'gemini-3.1-flash-lite-image',
  'gemini-3-pro-image',
  'gemini-nano-banana-2.1',
  'gemini-2.5-flash-image',
] as const;
export const textModels: readonly string[] = ['gemini-3.1-pro', 'gemini-3.1-flash', 'gemini-2.5-flash'];

/** Throws GoogleError 400 for what the real service rejects. */
export function parseGenerateRequest({ version, model }: Called, body: Buffer): GenerateRequest {
  const request = check(checkFields(version, parseJson(body)));
  const config = request.generationConfig ?? {};
  const parts = request.contents.flatMap((content) => content.parts ?? []);
  const image = imageSizeOf(model, config);
  return {
    model,
    prompt: parts.flatMap((part) => part.text ?? []).join('\n'),
    references: referencesOf(parts),
    seed: config.seed,
    image,
    wantsText: config.responseModalities?.includes('TEXT') ?? true,
    json: config.responseMimeType === 'application/json' ? schemaOf(config) : undefined,
  };
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw invalid(`Invalid JSON payload received. ${String(cause)}`);
  }
}

function check(body: RequestBody): RequestBody {
  const parts = body.contents.flatMap((content) => content.parts ?? []);
  if (parts.length === 0) throw invalid('* GenerateContentRequest.contents: contents is not specified');
  if (parts.every((part) => (part.text ?? '') === '' && part.inlineData === undefined)) {
    throw invalid('Unable to submit request because it must have a text parameter.');
  }
  return body;
}

function referencesOf(parts: readonly Part[]): Buffer[] {
  const data = parts.flatMap((part) => part.inlineData ?? []);
  if (data.length > 14) throw invalid(`The request has ${data.length} images; at most 14 are supported.`);
  return data.map((one) => {
    const bytes = Buffer.from(one.data, 'base64');
    if (!/^image\/(png|jpeg|webp|heic|heif)$/.test(one.mimeType))
      throw invalid(`Unsupported MIME type: ${one.mimeType}`);
    if (bytes.length > 7 * 1024 * 1024) throw invalid('An inline image is larger than 7 MB.');
    return bytes;
  });
}

function imageSizeOf(model: string, config: Config): SceneSize | undefined {
  const isImageModel = /image|banana/.test(model);
  const wanted = config.responseModalities?.includes('IMAGE') ?? isImageModel;
  if (!wanted) return undefined;
  if (textModels.includes(model)) {
    throw invalid(`The requested combination of response modalities is not supported by models/${model}: only TEXT.`);
  }
  const base = sizes[config.imageConfig?.aspectRatio ?? '1:1'];
  const scale = scales[config.imageConfig?.imageSize ?? '1K'];
  if (base === undefined || scale === undefined)
    throw invalid('Unsupported aspect_ratio or image_size in image_config.');
  return { width: base[0] * scale, height: base[1] * scale };
}

function schemaOf(config: Config): unknown {
  return config.responseJsonSchema ?? config.responseSchema ?? true;
}

function invalid(message: string): GoogleError {
  return new GoogleError(400, message);
}

/** Pixels at 1K, as Google's image generation page lists them. */
const sizes: Record<string, readonly [number, number]> = {
  '1:1': [1024, 1024],
  '2:3': [848, 1264],
  '3:2': [1264, 848],
  '3:4': [896, 1200],
  '4:3': [1200, 896],
  '4:5': [928, 1152],
  '5:4': [1152, 928],
  '9:16': [768, 1376],
  '16:9': [1376, 768],
  '21:9': [1584, 672],
  '1:4': [512, 2064],
  '4:1': [2064, 512],
  '1:8': [352, 2928],
  '8:1': [2928, 352],
};

const scales: Record<string, number> = { '512': 0.5, '1K': 1, '2K': 2, '4K': 4 };
