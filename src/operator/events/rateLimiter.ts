// A token-bucket rate limiter for each key, in bounded memory.

import { elapsed, type Monotonic } from '../../job/time.ts';

interface Rate {
  readonly burst: number;
  /** A token is added every so many ms. */
  readonly everyMs: number;
}

const maxBuckets = 5_000;

export class RateLimiter {
  readonly #rate: Rate;
  readonly #monotonic: () => Monotonic;
  readonly #buckets = new Map<string, { tokens: number; at: Monotonic }>();

  constructor(rate: Rate, monotonic: () => Monotonic) {
    this.#rate = rate;
    this.#monotonic = monotonic;
  }

  /** Takes a token; returns false if the bucket is empty. */
  take(key: string): boolean {
    const now = this.#monotonic();
    const bucket = { tokens: this.#tokens(key, now), at: now };
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > maxBuckets) this.#buckets.delete(this.#buckets.keys().next().value!);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  /** Forgets full buckets. */
  prune(): void {
    const now = this.#monotonic();
    for (const key of this.#buckets.keys()) if (this.#tokens(key, now) >= this.#rate.burst) this.#buckets.delete(key);
  }

  #tokens(key: string, now: Monotonic): number {
    const bucket = this.#buckets.get(key);
    const { burst, everyMs } = this.#rate;
    return bucket === undefined ? burst : Math.min(burst, bucket.tokens + elapsed(bucket.at, now) / everyMs);
  }
}
