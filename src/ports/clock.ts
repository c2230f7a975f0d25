// The time that the whole installation agrees on: that of the NATS server.

import type { Instant, Monotonic } from '../job/time.ts';

export interface Clock {
  /** The server's time, ms. */
  now(): Instant;
  /** The server's time minus this machine's, ms. */
  offset(): number;
  /** This process's monotonic time, for measuring silence and delays. Never compare it with times of other processes. */
  monotonic(): Monotonic;
  /**
   * Resolves at `until` (the server's time), or rejects with the signal's reason. Follows jumps of the offset within a
   * second.
   */
  sleep(until: Instant, signal?: AbortSignal): Promise<void>;
}
