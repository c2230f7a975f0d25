// Bounds the bytes under way on one connection. NATS drops a connection that it cannot write to fast enough ("Slow Consumer"),
// so what does not fit waits here for its turn. Between transfers there are pauses if the event loop is busy, because large
// artifacts must not hold up the small requests of others.

import { untilAborted } from '../../../async/abort.ts';

interface Waiting {
  readonly bytes: number;
  readonly start: () => void;
}

export class Flow {
  readonly #limit: number;
  readonly #pause: () => number;
  readonly #waiting = new Set<Waiting>();
  #underWay = 0;
  #pausing = false;

  /** `limit`: bytes. `pause`: for how long no transfer starts after one has ended, ms. */
  constructor(limit: number, pause: () => number = () => 0) {
    this.#limit = limit;
    this.#pause = pause;
  }

  /** Bytes that were asked for or sent, and have not arrived. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Transfers that wait for their turn. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Runs `transfer` when its bytes fit, first come, first served: streams that ask for one part at a time take turns. Rejects
   * with the signal's reason if it aborts. The bytes of a transfer that has started count until it has settled, even after
   * an abort: they still arrive.
   */
  async run<T>(bytes: number, signal: AbortSignal, transfer: () => Promise<T>): Promise<T> {
    await this.#turn(Math.min(bytes, this.#limit), signal);
    const settled = (): void => this.#end(Math.min(bytes, this.#limit));
    const result = transfer();
    result.then(settled, settled);
    return await untilAborted(result, signal);
  }

  async #turn(bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.#pausing && this.#waiting.size === 0 && this.#fits(bytes)) {
      this.#underWay += bytes;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting = { bytes, start: resolve };
    const giveUp = (): void => {
      this.#waiting.delete(waiting);
      reject(signal.reason as Error);
      // The next one may be smaller.
      this.#startNext();
    };
    this.#waiting.add(waiting);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  #fits(bytes: number): boolean {
    return this.#underWay + bytes <= this.#limit;
  }

  #end(bytes: number): void {
    this.#underWay -= bytes;
    const pause = this.#pausing ? 0 : this.#pause();
    if (pause === 0) return this.#startNext();
    this.#pausing = true;
    setTimeout(() => {
      this.#pausing = false;
      this.#startNext();
    }, pause);
  }

  #startNext(): void {
    if (this.#pausing) return;
    for (const waiting of this.#waiting) {
      if (!this.#fits(waiting.bytes)) return;
      this.#waiting.delete(waiting);
      this.#underWay += waiting.bytes;
      waiting.start();
    }
  }
}
