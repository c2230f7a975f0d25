// A token bucket per principal: keeps one client from taking the whole API.

import { elapsed, type Monotonic } from '../../job/time.ts';

export interface RateLimit {
  /** Takes one request; the seconds to wait where there is none left. */
  take(principal: string, now: Monotonic): number | undefined;
}

/** Of Kubernetes there may be any number of users: beyond this many, who has been silent for longest is forgotten. */
const mostKept = 10_000;

/** `perSecond` requests a second on average, `burst` at once. In this process alone: limits multiply with replicas. */
export function rateLimit(perSecond = 200, burst = 400): RateLimit {
  const buckets = new Map<string, { tokens: number; at: Monotonic }>();
  return {
    take(principal, now) {
      const bucket = buckets.get(principal) ?? { tokens: burst, at: now };
      const tokens = Math.min(burst, bucket.tokens + (elapsed(bucket.at, now) / 1_000) * perSecond);
      // Again at the end, so that who has been silent for longest is first.
      buckets.delete(principal);
      buckets.set(principal, { tokens: tokens < 1 ? tokens : tokens - 1, at: now });
      const [silent] = buckets;
      if (buckets.size > mostKept && silent !== undefined) buckets.delete(silent[0]);
      return tokens < 1 ? (1 - tokens) / perSecond : undefined;
    },
  };
}
