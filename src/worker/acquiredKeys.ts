// The provider keys that this worker holds for its next claims. A worker fetches no task without a key, so that tasks stay
// queued while all keys are cooling. It holds no more keys than the queue recently had work for, so that other workers get some.

import { sleep } from '../async/sleep.ts';
import type { AcquiredKey as HeldKey, AcquiringKeyRing as KeyRing } from '../ports/keyRing.ts';

export interface KeysOptions {
  readonly ring: KeyRing;
  readonly pool: string;
  /** Ends all waits for keys. */
  readonly signal: AbortSignal;
  readonly onError: (error: unknown) => void;
}

export class AcquiredKeys {
  readonly #options: KeysOptions;
  readonly #held: HeldKey[] = [];
  #target = 0;
  #pending = 0;
  #wake: () => void = () => undefined;

  constructor(options: KeysOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#held.length;
  }

  /** Sets how many keys to hold: requests missing keys and releases surplus ones. */
  setTarget(count: number): void {
    this.#target = count;
    while (this.#held.length + this.#pending < count) void this.#acquire();
    while (this.#held.length > count) this.#held.pop()?.release({ outcome: 'unused' });
  }

  /** Resolves when a key is held or the signal aborts. One caller at a time. */
  async untilAcquired(): Promise<void> {
    while (this.#held.length === 0 && !this.#options.signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }

  /** Removes and returns a held key; throws if no key is held. */
  take(): HeldKey {
    const key = this.#held.pop();
    if (key === undefined) throw new Error('no key is held');
    return key;
  }

  /** Releases all keys. Call it after the signal has aborted. */
  close(): void {
    this.setTarget(0);
    this.#wake();
  }

  /** Never rejects. Releases the key immediately if the target has dropped in the meantime. */
  async #acquire(): Promise<void> {
    this.#pending += 1;
    const key = await this.#nextKey();
    this.#pending -= 1;
    if (key === undefined) return;
    if (this.#held.length >= this.#target) return key.release({ outcome: 'unused' });
    this.#held.push(key);
    this.#wake();
  }

  /** Retries until the ring returns a key; returns undefined when the signal aborts. */
  async #nextKey(): Promise<HeldKey | undefined> {
    const { ring, pool, signal, onError } = this.#options;
    while (!signal.aborted) {
      try {
        return await ring.acquire(pool, signal);
      } catch (error) {
        if (signal.aborted) return undefined;
        onError(error);
        await sleep(1_000, signal);
      }
    }
    return undefined;
  }
}
