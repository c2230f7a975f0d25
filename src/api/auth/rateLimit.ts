// A token bucket per principal, so that one client cannot overload the API.

import { elapsed, type Monotonic } from '../../job/time.ts';

export interface RateLimit {
  /** Counts one request; returns the seconds to wait if the limit is reached. */
  take(principal: string, now: Monotonic): number | undefined;
}

/** The number of Kubernetes users is unlimited: beyond this many, the principal that was idle for longest is dropped. */
const maxBuckets = 10_000;

/** `perSecond` on average, in bursts of up to `burst`. Each process counts separately, so the limit grows with the replicas. */
export function rateLimit(perSecond = 200, burst = 400): RateLimit {
  const buckets = new Map<string, { tokens: number; at: Monotonic }>();
  return {
    take(principal, now) {
      const bucket = buckets.get(principal) ?? { tokens: burst, at: now };
      const tokens = Math.min(burst, bucket.tokens + (elapsed(bucket.at, now) / 1_000) * perSecond);
      // Reinserted at the end, so that the first bucket is the one that was idle for longest.
      buckets.delete(principal);
      buckets.set(principal, { tokens: tokens < 1 ? tokens : tokens - 1, at: now });
      const [idlest] = buckets;
      if (buckets.size > maxBuckets && idlest !== undefined) buckets.delete(idlest[0]);
      return tokens < 1 ? (1 - tokens) / perSecond : undefined;
    },
  };
}
