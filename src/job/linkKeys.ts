// The keys that sign links to jobs: which one signs now, and how long an earlier one stays valid.

import type { Instant } from './time.ts';

export interface LinkKey {
  readonly id: string;
  /** 32 random bytes. It must not reach a log or an answer. */
  readonly secret: Uint8Array;
  /** When it began to sign. */
  readonly since: Instant;
}

/** No link is valid for longer, ms. */
export const longestLink = 7 * 86_400_000;

/** A key signs for this long, ms. */
const signsFor = 30 * 86_400_000;

/** Processes may sign with their copy of a replaced key for a moment, ms. */
const overlap = 86_400_000;

/**
 * The keys from now on, the one that signs first; the same array if nothing changes. `create` makes a key. A replaced key stays
 * until the last link that it may have signed has expired.
 */
export function keysFrom(keys: readonly LinkKey[], now: Instant, create: () => LinkKey): readonly LinkKey[] {
  const [newest] = keys;
  if (newest !== undefined && now < newest.since + signsFor) return keys;
  const replacedAt = (index: number): Instant => (index === 0 ? now : keys[index - 1]!.since);
  return [create(), ...keys.filter((_, index) => now < replacedAt(index) + longestLink + overlap)];
}
