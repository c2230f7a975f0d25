// Exponential backoff with jitter: the only formula in the code base. Randomness is passed in as a number in [0, 1).

import type { Duration } from './duration.ts';

/** The delay after the first failure and the highest delay, ms. */
export interface Backoff {
  readonly first: Duration;
  readonly cap: Duration;
}

/** The longest delay after the given failure (1-based), ms: doubles with each failure, up to the cap. */
export function backoffCeiling(failure: number, { first, cap }: Backoff): Duration {
  return Math.min(cap, first * 2 ** Math.min(failure - 1, 30));
}

/** Full jitter (Brooker, "Exponential Backoff And Jitter", 2015): anything from 0 to the ceiling, ms. */
export function fullJitter(failure: number, backoff: Backoff, random: number): Duration {
  return Math.round(backoffCeiling(failure, backoff) * random);
}

/** Equal jitter (same source): from half the ceiling up to the ceiling, ms. Use it where a delay of 0 would be a busy loop. */
export function equalJitter(failure: number, backoff: Backoff, random: number): Duration {
  return backoffCeiling(failure, backoff) * (0.5 + random / 2);
}

/** The first delay after trouble at the provider, ms; it doubles with each failure. */
const firstFilling = 4_000;
const longestFilling = 3_600_000;

export interface FillingLimits {
  /** What is left of the run budget, ms. */
  readonly left: Duration;
  readonly maxAttempts: number;
  readonly attemptTimeout: Duration;
}

/**
 * A delay, ms, with equal jitter, such that the last attempt starts as late as the run budget allows: the first delays are
 * short, and the delay before the last attempt takes what the remaining attempts cannot use. Without spare time it is the
 * short delay.
 */
export function fillingDelay(
  failure: number,
  { left, maxAttempts, attemptTimeout }: FillingLimits,
  random: number,
): Duration {
  const attemptsLeft = Math.max(1, maxAttempts - failure);
  // One second for each handover.
  const spare = left - attemptsLeft * (attemptTimeout + 1_000);
  const short = { first: firstFilling, cap: longestFilling };
  const limit = attemptsLeft === 1 ? longestFilling : backoffCeiling(failure, short);
  const ceiling = spare <= 0 ? firstFilling : Math.min(limit, spare / attemptsLeft);
  return Math.round(equalJitter(1, { first: ceiling, cap: ceiling }, random));
}
