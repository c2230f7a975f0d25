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
}

/** A model that is not listed here gets the widest limits of its provider. */
export function limitsOf(provider: string, model: string): ModelLimits {
  if (provider !== 'gemini') return otherProviders;
  return { ...gemini, ...(Object.hasOwn(geminiModels, model) ? geminiModels[model] : {}) };
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
