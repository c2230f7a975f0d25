// Ends a connection that has been silent for too long, or that its caller no longer wants.

export class Silence {
  /** Aborts the connection. */
  readonly signal: AbortSignal;
  /** True once the connection was silent for too long. */
  expired = false;
  /** How long the connection may be silent now, ms. */
  limit: number;
  readonly #usual: number;
  readonly #stop = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(limit: number, caller: AbortSignal | undefined) {
    this.limit = limit;
    this.#usual = limit;
    this.signal = caller === undefined ? this.#stop.signal : AbortSignal.any([caller, this.#stop.signal]);
    this.heard(limit);
  }

  /** Bytes arrived: the time starts anew. `limit`: instead of the usual one, once. */
  heard(limit = this.#usual): void {
    this.limit = limit;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.expired = true;
      this.#stop.abort();
    }, limit);
  }

  /** Until `heard` is called again, silence does not count: the caller reads nothing. */
  pause(): void {
    clearTimeout(this.#timer);
  }

  /** Closes the connection. Must be called, or the timer keeps the process alive. */
  end(): void {
    clearTimeout(this.#timer);
    this.#stop.abort();
  }
}
