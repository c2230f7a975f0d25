// The slots in which attempts run. A slot whose call ignores its abort is leaked: it is unusable until that call settles.

export class Slots {
  readonly total: number;
  readonly #graceMs: number;
  readonly #onTooManyLeaked: () => void;
  #busy = 0;
  #leaked = 0;
  #wake: () => void = () => undefined;

  /** `graceMs`: how long a call may take to follow its abort. */
  constructor(total: number, graceMs: number, onTooManyLeaked: () => void) {
    this.total = total;
    this.#graceMs = graceMs;
    this.#onTooManyLeaked = onTooManyLeaked;
  }

  get busy(): number {
    return this.#busy;
  }

  get leaked(): number {
    return this.#leaked;
  }

  get free(): number {
    return this.total - this.#busy - this.#leaked;
  }

  /** Half of the slots, at least one: a worker with fewer left is better replaced. */
  get tooManyLeaked(): boolean {
    return this.#leaked >= Math.max(1, Math.ceil(this.total / 2));
  }

  take(): void {
    this.#busy += 1;
  }

  /** Resolves when a slot is free, or at `wake`. One caller at a time. */
  async untilFree(): Promise<void> {
    if (this.free > 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await promise;
  }

  wake(): void {
    this.#wake();
  }

  /** Frees the slot of an attempt that is over; where its call has not settled yet, when it does. */
  release(settled?: Promise<void>): void {
    if (settled === undefined) return this.#freeOne();
    let leaked = false;
    const grace = setTimeout(() => {
      leaked = true;
      this.#leakOne();
    }, this.#graceMs);
    void settled.then(() => {
      clearTimeout(grace);
      if (leaked) this.#mendOne();
      else this.#freeOne();
    });
  }

  #freeOne(): void {
    this.#busy -= 1;
    this.#wake();
  }

  #leakOne(): void {
    this.#busy -= 1;
    this.#leaked += 1;
    if (this.tooManyLeaked) this.#onTooManyLeaked();
  }

  #mendOne(): void {
    this.#leaked -= 1;
    this.#wake();
  }
}
