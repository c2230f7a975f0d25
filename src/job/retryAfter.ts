// How long the provider asks to wait: its answers range from 0 s to 2^63 s, and can be no number at all.

import type { Duration } from './duration.ts';

/** ms. A shorter wait would only add calls; a longer one would hide the end of an outage. */
const shortest = 1_000;
const longest = 3_600_000;

/** The delay from 1 s to 1 h, in ms; undefined for a delay that says nothing: none, zero, a negative one or no number. */
export function boundedRetryAfter(retryAfter: Duration | undefined): Duration | undefined {
  if (retryAfter === undefined || Number.isNaN(retryAfter) || retryAfter <= 0) return undefined;
  return Math.min(longest, Math.max(shortest, Math.ceil(retryAfter)));
}
