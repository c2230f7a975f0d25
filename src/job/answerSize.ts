// How large the answer to a task can reasonably be, before it is known.

import type { JobKind } from './policy.ts';
import type { TaskInput } from './task.ts';

const mebi = 1_048_576;

/** Bytes of the response, with its images in base64. The images of the larger sizes have 4 and 16 times the pixels of 1K. */
export function ordinaryAnswer(kind: JobKind, { imageSize = '1K' }: Pick<TaskInput, 'imageSize'>): number {
  if (kind === 'text') return 4 * mebi;
  return (imageSizes[imageSize] ?? imageSizes['4K']!) * mebi;
}

const imageSizes: Readonly<Record<string, number>> = { '512': 6, '1K': 6, '2K': 20, '4K': 64 };
