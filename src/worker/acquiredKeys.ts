// The keys that this worker has acquired for its next claims. It fetches no task without one, so that tasks stay queued while all
// keys are cooling. It acquires no more than the queue recently had work for, so that other workers get some.

import { sleep } from '../async/sleep.ts';
import type { HeldKey, KeyRing } from '../ports/keyRing.ts';

export interface KeysOptions {
  readonly ring: KeyRing;
  readonly pool: string;
  /** Ends every wait for a key. */
  readonly signal: AbortSignal;
  readonly onError: (error: unknown) => void;
}

export class AcquiredKeys {
  readonly #options: KeysOptions;
  readonly #held: HeldKey[] = [];
  #wanted = 0;
  #pending = 0;
  #wake: () => void = () => undefined;

  constructor(options: KeysOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#held.length;
  }

  /** Asks for keys until `count` are held or under way, and gives back those above it. */
  want(count: number): void {
    this.#wanted = count;
    while (this.#held.length + this.#pending < count) void this.#acquire();
    while (this.#held.length > count) this.#held.pop()?.release({ outcome: 'unused' });
  }

  /** Resolves when a key is acquired or the signal aborts. One caller at a time. */
  async some(): Promise<void> {
    while (this.#held.length === 0 && !this.#options.signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }

  /** Takes an acquired key; throws if there is none. */
  take(): HeldKey {
    const key = this.#held.pop();
    if (key === undefined) throw new Error('no key is acquired');
    return key;
  }

  /** Gives every key back; to be called once the signal has aborted. */
  close(): void {
    this.want(0);
    this.#wake();
  }

  /** Never rejects. A key that comes when fewer are wanted goes straight back. */
  async #acquire(): Promise<void> {
    this.#pending += 1;
    const key = await this.#acquired();
    this.#pending -= 1;
    if (key === undefined) return;
    if (this.#held.length >= this.#wanted) return key.release({ outcome: 'unused' });
    this.#held.push(key);
    this.#wake();
  }

  /** The next key, however often the ring fails before; undefined when the signal aborts. */
  async #acquired(): Promise<HeldKey | undefined> {
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
