// Collects what a process opens, and closes it in reverse order. Node 22, which the package supports, has no
// `AsyncDisposableStack`.

export class Resources {
  readonly #closers: { name: string; close: () => unknown }[] = [];
  #closed: Promise<void> | undefined;

  /** Registers and returns `value`; `close` is called once, after everything that was added later has closed. */
  own<T>(name: string, value: T, close: (value: T) => unknown): T {
    this.#closers.push({ name, close: () => close(value) });
    return value;
  }

  /** Closes everything, even if some resources fail to close; calls `onFailure` for each of those. */
  close(onFailure: (name: string, error: unknown) => void = () => undefined): Promise<void> {
    this.#closed ??= this.#closeAll(onFailure);
    return this.#closed;
  }

  async #closeAll(onFailure: (name: string, error: unknown) => void): Promise<void> {
    for (const { name, close } of this.#closers.reverse()) {
      try {
        await close();
      } catch (error) {
        onFailure(name, error);
      }
    }
  }
}
