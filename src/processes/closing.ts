// Who opened what, closed in reverse order: a process ends by closing the one `Closing` that owns all its parts.

export class Closing {
  readonly #closers: { name: string; close: () => unknown }[] = [];
  #closed: Promise<void> | undefined;

  /** Gives `value` an owner; `close` is called once, after everything that was added later has closed. */
  own<T>(name: string, value: T, close: (value: T) => unknown): T {
    this.#closers.push({ name, close: () => close(value) });
    return value;
  }

  /** Closes everything; one part that fails to close does not keep the others from it. */
  close(failed: (name: string, error: unknown) => void = () => undefined): Promise<void> {
    this.#closed ??= this.#closeAll(failed);
    return this.#closed;
  }

  async #closeAll(failed: (name: string, error: unknown) => void): Promise<void> {
    for (const { name, close } of this.#closers.reverse()) {
      try {
        await close();
      } catch (error) {
        failed(name, error);
      }
    }
  }
}
