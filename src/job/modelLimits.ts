// What a model accepts: how many reference images, how large, and in which shapes it draws. A submit checks all of it, so that no
// task waits in a queue for an answer that is known.

export interface ModelLimits {
  /** Reference images per task. */
  readonly references: number;
  /** One reference image, bytes. */
  readonly referenceBytes: number;
  /** All reference images of a task together, bytes. */
  readonly totalReferenceBytes: number;
  /** Absent: unknown, so every ratio is passed on. */
  readonly aspectRatios?: readonly string[];
  /** Absent: unknown, so every size is passed on. */
  readonly imageSizes?: readonly string[];
  /** Fields of the input that the provider has no parameter for. */
  readonly lacks?: readonly UnsupportedField[];
}

/** Fields that some models do not support at all. */
export type UnsupportedField = 'seed';

/** A model that is not listed here gets the widest limits of its provider. */
export function limitsOf(provider: string, model: string): ModelLimits {
  const family = families[provider];
  if (family === undefined) return otherProviders;
  const { limits, models } = family;
  return { ...limits, ...(Object.hasOwn(models, model) ? models[model] : models[familyOf(model)]) };
}

/** For every model, and for uploads, which name none. */
export const maxReferenceBytes = 20 * 1024 * 1024;

/** For every model: 50 megapixels as cameras count them, 8192 × 6144. */
export const maxReferencePixels = 8_192 * 6_144;

const otherProviders: ModelLimits = {
  references: 14,
  referenceBytes: maxReferenceBytes,
  totalReferenceBytes: 100_000_000,
};

/** `gpt-image-2.5-flare-2026-09-08` has the limits of `gpt-image-2.5-flare`. */
const familyOf = (model: string): string => model.replace(/-\d{4}-\d{2}-\d{2}$/, '');

const commonRatios = ['1:1', '2:3', '3:2', '3:4', '4:3', '4:5', '5:4', '9:16', '16:9', '21:9'];
const allRatios = [...commonRatios, '1:4', '4:1', '1:8', '8:1'];

// Google accepts 100 MB of inline data since January 2026, counted as base64, which is 4/3 of the images: 75 MB, less 1 MB for the
// prompt, the system instruction, the schema, the captions and the JSON around them. So 14 images of 7 MB are too many.
const gemini: ModelLimits = {
  references: 14,
  referenceBytes: 7_000_000,
  totalReferenceBytes: 74_000_000,
  aspectRatios: allRatios,
  imageSizes: ['512', '1K', '2K', '4K'],
};

const geminiModels: Readonly<Record<string, Partial<ModelLimits>>> = {
  'gemini-3.1-flash-image': {},
  'gemini-3.1-flash-lite-image': { imageSizes: ['1K'] },
  'gemini-3-pro-image': { aspectRatios: commonRatios, imageSizes: ['1K', '2K', '4K'] },
  'gemini-nano-banana-2.1': {},
  'gemini-2.5-flash-image': { aspectRatios: commonRatios, imageSizes: ['1K'] },
};

// OpenAI's images take 16 references of less than 50 MB; Genwarden's own limits for a task's references, 14 of 20 MiB, are lower. A text
// request holds its images in base64, and one request may have 512 MB (both of the published documentation).
const openai: ModelLimits = {
  references: 16,
  referenceBytes: 50_000_000 - 1,
  totalReferenceBytes: 350_000_000,
  lacks: ['seed'],
  // Any width and height between 1:3 and 3:1. Above 2560 × 1440 they are experimental, so 4K is left out.
  aspectRatios: commonRatios,
  imageSizes: ['1K', '2K'],
};

/** Three sizes, which are all of the size that Gemini calls 1K. */
const fixedSizes: Partial<ModelLimits> = { aspectRatios: ['1:1', '3:2', '2:3'], imageSizes: ['1K'] };
const openaiModels: Readonly<Record<string, Partial<ModelLimits>>> = {
  'gpt-image-1': fixedSizes,
  'gpt-image-1-mini': fixedSizes,
  'gpt-image-1.5': fixedSizes,
  'chatgpt-image-latest': fixedSizes,
  'gpt-image-2': {},
  'gpt-image-2.5-sunburst': {},
  'gpt-image-2.5-flare': {},
  'gpt-image-2.6-sunburst': {},
  'gpt-image-2.6-flare': {},
  // Retired by OpenAI in May 2026, and still served by others that speak its interface.
  'dall-e-3': { references: 0, aspectRatios: ['1:1', '7:4', '4:7'], imageSizes: ['1K'] },
};

const families: Readonly<
  Record<string, { limits: ModelLimits; models: Readonly<Record<string, Partial<ModelLimits>>> }>
> = {
  gemini: { limits: gemini, models: geminiModels },
  openai: { limits: openai, models: openaiModels },
};
