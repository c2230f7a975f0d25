// A token bucket per principal: keeps one client from taking the whole API.

export interface RateLimit {
  /** Takes one request; the seconds to wait where there is none left. `monotonic` in ms. */
  take(principal: string, monotonic: number): number | undefined;
}

/** Of Kubernetes there may be any number of users: beyond this many, who has been silent for longest is forgotten. */
const mostKept = 10_000;

/** `perSecond` requests a second on average, `burst` at once. In this process alone: limits multiply with replicas. */
export function rateLimit(perSecond = 200, burst = 400): RateLimit {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return {
    take(principal, monotonic) {
      const bucket = buckets.get(principal) ?? { tokens: burst, at: monotonic };
      const tokens = Math.min(burst, bucket.tokens + ((monotonic - bucket.at) / 1_000) * perSecond);
      // Again at the end, so that who has been silent for longest is first.
      buckets.delete(principal);
      buckets.set(principal, { tokens: tokens < 1 ? tokens : tokens - 1, at: monotonic });
      const [silent] = buckets;
      if (buckets.size > mostKept && silent !== undefined) buckets.delete(silent[0]);
      return tokens < 1 ? (1 - tokens) / perSecond : undefined;
    },
  };
}
