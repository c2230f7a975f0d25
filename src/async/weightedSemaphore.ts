// Shares a capacity, such as bytes of memory, among users of different weights, in the order in which they ask.

/** Gives the weight back. Further calls do nothing. */
export type Release = () => void;

interface Waiter {
  /** What must be free. */
  readonly weight: number;
  /** What it then takes of it. */
  readonly takes: number;
  readonly admit: (release: Release) => void;
}

/**
 * The weights in use never exceed the capacity. The first in line is never overtaken, so a large one is not starved by small
 * ones. A weight above the capacity counts as the whole capacity: its user is then the only one.
 */
export class WeightedSemaphore {
  readonly capacity: number;
  readonly #waiters: Waiter[] = [];
  #used = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get used(): number {
    return this.#used;
  }

  /** What is not in use. It may be promised to the first in line. */
  get free(): number {
    return this.capacity - this.#used;
  }

  get waiting(): number {
    return this.#waiters.length;
  }

  /** Undefined if the weight does not fit now, or others wait for theirs. */
  tryAcquire(weight: number): Release | undefined {
    const clamped = Math.min(weight, this.capacity);
    return this.#waiters.length === 0 && clamped <= this.free ? this.#take(clamped) : undefined;
  }

  /** Waits in line. Rejects with the signal's reason once it aborts, and leaves the line. */
  acquire(weight: number, signal: AbortSignal): Promise<Release> {
    const clamped = Math.min(weight, this.capacity);
    return this.#inLine(clamped, clamped, signal);
  }

  /** Waits in line like `acquire` until the weight is free, and takes nothing of it. */
  async untilFree(weight: number, signal: AbortSignal): Promise<void> {
    await this.#inLine(Math.min(weight, this.capacity), 0, signal);
  }

  #inLine(weight: number, takes: number, signal: AbortSignal): Promise<Release> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    if (this.#waiters.length === 0 && weight <= this.free) return Promise.resolve(this.#take(takes));
    const { promise, resolve, reject } = Promise.withResolvers<Release>();
    const leave = (): void => {
      this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
      reject(signal.reason as Error);
      this.#admit();
    };
    const waiter: Waiter = {
      weight,
      takes,
      admit: (taken) => {
        signal.removeEventListener('abort', leave);
        resolve(taken);
      },
    };
    this.#waiters.push(waiter);
    signal.addEventListener('abort', leave, { once: true });
    return promise;
  }

  #take(weight: number): Release {
    let held = true;
    this.#used += weight;
    return () => {
      if (!held) return;
      held = false;
      this.#used -= weight;
      this.#admit();
    };
  }

  #admit(): void {
    for (let first = this.#waiters[0]; first !== undefined && first.weight <= this.free; first = this.#waiters[0]) {
      this.#waiters.shift();
      first.admit(this.#take(first.takes));
    }
  }
}
