// How many events something may still have: a bucket of tokens for each, in bounded memory.

interface Rate {
  readonly burst: number;
  /** One more after each so many ms. */
  readonly everyMs: number;
}

const maxBuckets = 5_000;

export class RateLimiter {
  readonly #rate: Rate;
  readonly #monotonic: () => number;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(rate: Rate, monotonic: () => number) {
    this.#rate = rate;
    this.#monotonic = monotonic;
  }

  /** False where there is nothing left. */
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

  /** Drops buckets that are full again. */
  prune(): void {
    const now = this.#monotonic();
    for (const key of this.#buckets.keys()) if (this.#tokens(key, now) >= this.#rate.burst) this.#buckets.delete(key);
  }

  #tokens(key: string, now: number): number {
    const bucket = this.#buckets.get(key);
    const { burst, everyMs } = this.#rate;
    return bucket === undefined ? burst : Math.min(burst, bucket.tokens + (now - bucket.at) / everyMs);
  }
}
