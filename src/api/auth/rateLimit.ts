// A token bucket per principal: keeps one client from taking the whole API.

export interface RateLimit {
  /** Takes one request; the seconds to wait where there is none left. `monotonic` in ms. */
  take(principal: string, monotonic: number): number | undefined;
}

/** `perSecond` requests a second on average, `burst` at once. In this process alone: limits multiply with replicas. */
export function rateLimit(perSecond = 200, burst = 400): RateLimit {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return {
    take(principal, monotonic) {
      const bucket = buckets.get(principal) ?? { tokens: burst, at: monotonic };
      const tokens = Math.min(burst, bucket.tokens + ((monotonic - bucket.at) / 1_000) * perSecond);
      buckets.set(principal, { tokens: tokens < 1 ? tokens : tokens - 1, at: monotonic });
      return tokens < 1 ? (1 - tokens) / perSecond : undefined;
    },
  };
}
