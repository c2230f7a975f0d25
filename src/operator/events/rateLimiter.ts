// How many events something may still have: a bucket of tokens for each, in bounded memory.

interface Rate {
  readonly burst: number;
  /** One more after each so many ms. */
  readonly everyMs: number;
}

const mostBuckets = 5_000;

export class Allowance {
  readonly #rate: Rate;
  readonly #monotonic: () => number;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(rate: Rate, monotonic: () => number) {
    this.#rate = rate;
    this.#monotonic = monotonic;
  }

  /** False where there is nothing left. */
  take(whose: string): boolean {
    const now = this.#monotonic();
    const bucket = { tokens: this.#tokens(whose, now), at: now };
    this.#buckets.delete(whose);
    this.#buckets.set(whose, bucket);
    if (this.#buckets.size > mostBuckets) this.#buckets.delete(this.#buckets.keys().next().value!);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  /** Drops buckets that are full again. */
  forget(): void {
    const now = this.#monotonic();
    for (const whose of this.#buckets.keys())
      if (this.#tokens(whose, now) >= this.#rate.burst) this.#buckets.delete(whose);
  }

  #tokens(whose: string, now: number): number {
    const bucket = this.#buckets.get(whose);
    const { burst, everyMs } = this.#rate;
    return bucket === undefined ? burst : Math.min(burst, bucket.tokens + (now - bucket.at) / everyMs);
  }
}
