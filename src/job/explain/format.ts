// Formats times and counts for the sentences of an explanation.

import { formatDuration } from '../duration.ts';
import type { Instant } from '../task.ts';
import { isoTime } from '../time.ts';

const century = 36_525 * 86_400_000;

/** A duration to read, not to compute with: `0.4 s`, `4.2 s`, `1m20s`, `23h59m`. At most a century. */
export function about(ms: number): string {
  const whole = Number.isNaN(ms) ? 0 : Math.min(Math.max(0, ms), century);
  if (whole < 9_950) return `${(whole / 1_000).toFixed(1)} s`;
  const step = whole < 3_600_000 ? 1_000 : 60_000;
  return formatDuration(Math.round(whole / step) * step);
}

/** `in 1m20s (2026-11-22T00:01:20Z)`. */
export const at = (moment: Instant, now: Instant): string => `in ${about(moment - now)} (${clockTime(moment)})`;

export const clockTime = (moment: Instant): string => isoTime(moment).replace(/\.\d+Z$/, 'Z');

/** `1 task`, `3 tasks`. */
export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
