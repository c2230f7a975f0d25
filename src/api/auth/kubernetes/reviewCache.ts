// Answers of the API server, remembered for a few seconds by the hash of the token: a client that asks often costs the
// cluster little, and who loses a right loses it here soon after.

import { createHash } from 'node:crypto';
import type { KubernetesUser, PlacedRight, Reviews } from '../../../adapters/kubernetes/reviews.ts';

/** ms. The API server itself knows a revoked token for up to 10 s more: what is added here stays short. */
const yesFor = 5_000;
/** ms; who was just given a right should not wait for it. */
const noFor = 2_000;
const mostKept = 10_000;

/** `monotonic` in ms. Those who ask the same at the same time share one question; a failure is not remembered. */
export function rememberedReviews(reviews: Reviews, monotonic: () => number): Reviews {
  const users = new Remembered<KubernetesUser | undefined>((user) => user !== undefined, monotonic);
  const rights = new Remembered<boolean>((allowed) => allowed, monotonic);
  return {
    who: (token) => users.of(hash(token), () => reviews.who(token)),
    may: (token, right) => rights.of(`${hash(token)} ${textOf(right)}`, () => reviews.may(token, right)),
  };
}

const hash = (token: string): string => createHash('sha256').update(token).digest('base64');
const textOf = ({ verb, resource, namespace = '*' }: PlacedRight): string => `${verb} ${resource} ${namespace}`;

class Remembered<T> {
  readonly #answers = new Map<string, { readonly answer: Promise<T>; until: number }>();
  readonly #isYes: (value: T) => boolean;
  readonly #monotonic: () => number;

  constructor(isYes: (value: T) => boolean, monotonic: () => number) {
    this.#isYes = isYes;
    this.#monotonic = monotonic;
  }

  of(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#answers.get(key);
    if (known !== undefined && this.#monotonic() < known.until) return known.answer;
    // From the question, not from the answer: what was true then may have ended meanwhile.
    const askedAt = this.#monotonic();
    const entry = { answer: ask(), until: Infinity };
    this.#keep(key, entry);
    entry.answer.then(
      (value) => (entry.until = askedAt + (this.#isYes(value) ? yesFor : noFor)),
      () => this.#answers.get(key) === entry && this.#answers.delete(key),
    );
    return entry.answer;
  }

  /** The oldest gives way. */
  #keep(key: string, entry: { readonly answer: Promise<T>; until: number }): void {
    this.#answers.delete(key);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size >= mostKept && oldest !== undefined) this.#answers.delete(oldest);
    this.#answers.set(key, entry);
  }
}
