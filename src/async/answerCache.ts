// Answers that are used again for a few seconds. Concurrent questions share one request; failures are not kept.

const maxEntries = 10_000;

interface Entry<T> {
  readonly answer: Promise<T>;
  /** By the cache's clock, ms. */
  expiresAt: number;
}

export class AnswerCache<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #keepFor: (value: T) => number;
  readonly #now: () => number;

  /** `keepFor`: how long an answer is used, ms. `now`: a monotonic time, ms. */
  constructor(keepFor: (value: T) => number, now: () => number) {
    this.#keepFor = keepFor;
    this.#now = now;
  }

  get(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#entries.get(key);
    if (known !== undefined && this.#now() < known.expiresAt) return known.answer;
    // The time starts with the request, because what was asked may change before the answer arrives.
    const requestedAt = this.#now();
    const entry = { answer: ask(), expiresAt: Infinity };
    this.#store(key, entry);
    entry.answer.then(
      (value) => (entry.expiresAt = requestedAt + this.#keepFor(value)),
      () => this.#entries.get(key) === entry && this.#entries.delete(key),
    );
    return entry.answer;
  }

  /** Evicts the oldest entry when the cache is full. */
  #store(key: string, entry: Entry<T>): void {
    this.#entries.delete(key);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size >= maxEntries && oldest !== undefined) this.#entries.delete(oldest);
    this.#entries.set(key, entry);
  }
}
