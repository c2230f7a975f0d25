// The wait before a request to NATS is repeated.

import { equalJitter } from '../job/backoff.ts';

/** ms. */
export const retryDelayOf = (failures: number): number =>
  equalJitter(failures, { first: 100, cap: 5_000 }, Math.random());
