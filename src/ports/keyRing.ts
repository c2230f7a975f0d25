// The provider keys of a pool, shared by all its workers: requests per minute, requests in flight, cool-downs.

import type { TaskError } from '../job/errors/index.ts';
import type { Instant } from '../job/task.ts';

/** A key as configured on this worker. `secret` never leaves the process. */
export interface KeySettings {
  readonly secret: string;
  readonly requestsPerMinute: number;
  readonly maxInFlight: number;
}

/** The right to make one call with a key. */
export interface HeldKey {
  readonly secret: string;
  /** A keyed fingerprint, the only form of a key in NATS and logs. */
  readonly fingerprint: string;
  /** Ends the hold. A rate-limited key cools, and a refused key is disabled, for every worker. Never throws. */
  release(outcome: KeyOutcome): void;
}

export type KeyOutcome =
  | { readonly outcome: 'used' }
  /** The key was not used for a call, so its request is returned to the budget. */
  | { readonly outcome: 'unused' }
  | { readonly outcome: 'failed'; readonly error: TaskError };

export interface KeyState {
  readonly pool: string;
  readonly fingerprint: string;
  readonly state: 'ready' | 'cooling' | 'busy' | 'refused';
  /** When a cooling key may be used again. */
  readonly until: Instant | null;
  readonly cause: string | null;
  readonly inFlight: number;
  readonly requestsPerMinute: number;
}

export interface KeyRing {
  /** Waits until a key may be used; rejects with the signal's reason when it aborts. */
  acquire(pool: string, signal: AbortSignal): Promise<HeldKey>;
  state(pool: string): Promise<readonly KeyState[]>;
}
