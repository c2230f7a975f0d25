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
