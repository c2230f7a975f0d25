// Reads something again when told that it has changed: at most four times a second, and never more than a quarter of the time, so that
// large answers do not keep the page and the API busy.

/** ms. */
const shortest = 250;
/** ms. */
const afterFailure = 3_000;

export class Refresher {
  readonly #read: (signal: AbortSignal) => Promise<void>;
  readonly #leastMs: number;
  #stop = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reading = false;
  #wanted = false;
  /** When the last read began, and how long it took, ms. */
  #began = -Infinity;
  #took = 0;

  /** A read that throws is repeated after 3 s. */
  constructor(read: (signal: AbortSignal) => Promise<void>, leastMs = shortest) {
    this.#read = read;
    this.#leastMs = leastMs;
  }

  /** It has changed. Several requests lead to one read. */
  request(): void {
    if (this.#reading) this.#wanted = true;
    else this.#schedule(Math.max(this.#leastMs, 4 * this.#took) - (performance.now() - this.#began));
  }

  stop(): void {
    this.#stop.abort();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(afterMs: number): void {
    if (this.#stop.signal.aborted) return;
    this.#timer ??= setTimeout(() => void this.#run(), Math.max(0, afterMs));
  }

  async #run(): Promise<void> {
    this.#timer = undefined;
    this.#reading = true;
    this.#wanted = false;
    this.#began = performance.now();
    let failed = false;
    try {
      await this.#read(this.#stop.signal);
    } catch {
      failed = true;
    }
    this.#reading = false;
    this.#took = performance.now() - this.#began;
    if (failed) this.#schedule(afterFailure);
    else if (this.#wanted) this.request();
  }
}
