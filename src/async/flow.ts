// Bounds the bytes of artifacts under way. NATS drops a connection that it cannot write to fast enough ("Slow Consumer"),
// so what does not fit waits here for its turn. Between transfers there are pauses if the event loop is busy, because large
// artifacts must not hold up the small requests of others.

import { untilAborted } from './abort.ts';

/** One part of an object. */
export interface Part {
  readonly bytes: number;
  /** The object's first part: small objects, which have no other, do not wait for many large ones. */
  readonly first: boolean;
}

interface Waiting extends Part {
  readonly start: () => void;
}

export class Flow {
  readonly #limit: number;
  readonly #pause: () => number;
  readonly #firstParts = new Set<Waiting>();
  readonly #laterParts = new Set<Waiting>();
  #lastWasFirst = false;
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
    return this.#firstParts.size + this.#laterParts.size;
  }

  /**
   * Runs `transfer` when its bytes fit. First and later parts alternate, each first come, first served: objects that ask for
   * one part at a time take turns. Rejects with the signal's reason if it aborts. The bytes of a transfer that has started
   * count until it has settled, even after an abort: they still arrive.
   */
  async run<T>({ bytes, first }: Part, signal: AbortSignal, transfer: () => Promise<T>): Promise<T> {
    const counted = Math.min(bytes, this.#limit);
    await this.#turn({ bytes: counted, first }, signal);
    const settled = (): void => this.#end(counted);
    const result = transfer();
    result.then(settled, settled);
    return await untilAborted(result, signal);
  }

  async #turn(part: Part, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.#pausing && this.waiting === 0 && this.#fits(part)) {
      this.#underWay += part.bytes;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting = { ...part, start: resolve };
    const queue = part.first ? this.#firstParts : this.#laterParts;
    const giveUp = (): void => {
      queue.delete(waiting);
      reject(signal.reason as Error);
      // The next one may be smaller.
      this.#startNext();
    };
    queue.add(waiting);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  #fits({ bytes }: Part): boolean {
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
    for (let next = this.#next(); next !== undefined && this.#fits(next); next = this.#next()) {
      (next.first ? this.#firstParts : this.#laterParts).delete(next);
      this.#lastWasFirst = next.first;
      this.#underWay += next.bytes;
      next.start();
    }
  }

  #next(): Waiting | undefined {
    const [first] = this.#firstParts;
    const [later] = this.#laterParts;
    return this.#lastWasFirst ? (later ?? first) : (first ?? later);
  }
}
