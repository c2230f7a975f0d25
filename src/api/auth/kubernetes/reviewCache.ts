// Caches the answers of token reviews for a few seconds, by the hash of the token: frequent requests cost the API server little,
// and a revoked right is still noticed within seconds.

import { after, never, type Monotonic } from '../../../job/time.ts';
import { createHash } from 'node:crypto';
import type { KubernetesReviews, KubernetesUser, ScopedRight } from '../../../ports/kubernetesReviews.ts';

/** ms. The API server itself accepts a revoked token for up to 10 s, so this adds little. */
const positiveTtl = 5_000;
/** ms. A right that was just granted should take effect soon. */
const negativeTtl = 2_000;
const maxEntries = 10_000;

/** Concurrent requests share one review; failures are not cached. */
export function cachedReviews(reviews: KubernetesReviews, monotonic: () => Monotonic): KubernetesReviews {
  const users = new AnswerCache<KubernetesUser | undefined>((user) => user !== undefined, monotonic);
  const rights = new AnswerCache<boolean>((allowed) => allowed, monotonic);
  return {
    userOf: (token) => users.get(hash(token), () => reviews.userOf(token)),
    isAllowed: (token, right) => rights.get(`${hash(token)} ${textOf(right)}`, () => reviews.isAllowed(token, right)),
  };
}

const hash = (token: string): string => createHash('sha256').update(token).digest('base64');
const textOf = ({ verb, resource, namespace = '*' }: ScopedRight): string => `${verb} ${resource} ${namespace}`;

interface Entry<T> {
  readonly answer: Promise<T>;
  expiresAt: Monotonic;
}

class AnswerCache<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #isPositive: (value: T) => boolean;
  readonly #monotonic: () => Monotonic;

  constructor(isPositive: (value: T) => boolean, monotonic: () => Monotonic) {
    this.#isPositive = isPositive;
    this.#monotonic = monotonic;
  }

  get(key: string, review: () => Promise<T>): Promise<T> {
    const known = this.#entries.get(key);
    if (known !== undefined && this.#monotonic() < known.expiresAt) return known.answer;
    // The TTL starts with the request, because the reviewed right may change before the answer arrives.
    const requestedAt = this.#monotonic();
    const entry = { answer: review(), expiresAt: never };
    this.#store(key, entry);
    entry.answer.then(
      (value) => (entry.expiresAt = after(requestedAt, this.#isPositive(value) ? positiveTtl : negativeTtl)),
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
