// Formats times and counts for the sentences of an explanation.

import { about } from '../duration.ts';
import type { Instant } from '../task.ts';
import { isoTime } from '../time.ts';

/** `in 1 min 20 s (2026-11-22T00:01:20Z)`. */
export const at = (moment: Instant, now: Instant): string => `in ${about(moment - now)} (${clockTime(moment)})`;

export const clockTime = (moment: Instant): string => isoTime(moment).replace(/\.\d+Z$/, 'Z');

/** `1 task`, `3 tasks`. */
export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;

export const isOrAre = (number: number): string => (number === 1 ? 'is' : 'are');
export const wasOrWere = (number: number): string => (number === 1 ? 'was' : 'were');
