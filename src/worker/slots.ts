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

  /**
   * Frees the slot and the memory of an ended attempt, once its call has `settled` if that is still running. The memory of a leaked
   * call does not stay reserved, because a task that needs all of it would wait for it forever.
   */
  release(settled: Promise<void> | undefined, freeMemory: () => void): void {
    if (settled === undefined) {
      freeMemory();
      return this.#freeOne();
    }
    let leaked = false;
    const grace = setTimeout(() => {
      leaked = true;
      freeMemory();
      this.#leakOne();
    }, this.#graceMs);
    void settled.then(() => {
      clearTimeout(grace);
      if (leaked) return this.#reclaimOne();
      freeMemory();
      this.#freeOne();
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
