// The slots that attempts run in. A slot is leaked while its call ignores an abort: it is unusable until the call settles.

export class Slots {
  readonly total: number;
  readonly #graceMs: number;
  readonly #onTooManyLeaked: () => void;
  #busy = 0;
  #leaked = 0;
  #wake: () => void = () => undefined;

  /** `graceMs`: how long an aborted call may take to settle. */
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

  /** At least half of the slots, and at least one, are leaked: the worker should be replaced. */
  get tooManyLeaked(): boolean {
    return this.#leaked >= Math.max(1, Math.ceil(this.total / 2));
  }

  take(): void {
    this.#busy += 1;
  }

  /** Resolves when a slot is free, or when `wake` is called. One caller at a time. */
  async untilFree(): Promise<void> {
    if (this.free > 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await promise;
  }

  wake(): void {
    this.#wake();
  }

  /** Frees the slot of an ended attempt, once its call has `settled` if that is still running. */
  release(settled?: Promise<void>): void {
    if (settled === undefined) return this.#freeOne();
    let leaked = false;
    const grace = setTimeout(() => {
      leaked = true;
      this.#leakOne();
    }, this.#graceMs);
    void settled.then(() => {
      clearTimeout(grace);
      if (leaked) this.#reclaimOne();
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

  #reclaimOne(): void {
    this.#leaked -= 1;
    this.#wake();
  }
}
