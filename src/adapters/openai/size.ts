// The `size` of an image model, in pixels, from Genwarden's `aspectRatio` and `imageSize`.
// The models that take any size take multiples of 16.

import type { TaskInput } from '../../job/task.ts';

/** Undefined without either: the model chooses. */
export function sizeOf(model: string, { aspectRatio, imageSize }: TaskInput): string | undefined {
  if (aspectRatio === undefined && imageSize === undefined) return undefined;
  const ratio = aspectRatio ?? '1:1';
  const scale = scales[imageSize ?? '1K'] ?? 1;
  const standard = model.startsWith('dall-e') ? dallESizes[ratio] : scale === 1 ? standardSizes[ratio] : undefined;
  if (standard !== undefined) return standard;
  const [width = 1, height = 1] = ratio.split(':').map(Number);
  const ofEdges = Math.max(width, height) / Math.min(width, height);
  const long = scale === 1 ? 1_536 : 16 * Math.floor(Math.sqrt(mostPixels * ofEdges) / 16);
  const short = Math.max(16, 16 * Math.round(long / ofEdges / 16));
  return width >= height ? `${long}x${short}` : `${short}x${long}`;
}

/** Every GPT image model has these. */
const standardSizes: Readonly<Record<string, string>> = {
  '1:1': '1024x1024',
  '3:2': '1536x1024',
  '2:3': '1024x1536',
};

const dallESizes: Readonly<Record<string, string>> = { '1:1': '1024x1024', '7:4': '1792x1024', '4:7': '1024x1792' };

const scales: Readonly<Record<string, number>> = { '1K': 1, '2K': 2 };

/** At 2K: OpenAI calls sizes above 2560 × 1440 experimental. */
const mostPixels = 2_560 * 1_440;
