// Time as the whole installation agrees on it: the NATS server's.

import type { Instant } from '../job/task.ts';

export interface Clock {
  /** The server's time, ms. */
  now(): Instant;
  /** The server's time less this machine's, ms. */
  offset(): number;
  /** This process's monotonic time, ms: for measuring silence, never for judging moments of others. */
  monotonic(): number;
  /** Resolves at `until` (server's time) or rejects with the signal's reason. Follows jumps of the offset within a second. */
  sleep(until: Instant, signal?: AbortSignal): Promise<void>;
}
