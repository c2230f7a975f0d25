// Lets one event feed sleep until there may be something for it to send.

export class WakeUp {
  #woken = false;
  #resolve: (() => void) | undefined;

  wake(): void {
    this.#woken = true;
    this.#resolve?.();
  }

  /** True as soon as `wake` is called, or was since the last wait; false after `ms`, or when the signal aborts. */
  async wait(ms: number, signal: AbortSignal): Promise<boolean> {
    if (!this.#woken && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#resolve = resolve;
      const timer = setTimeout(resolve, ms);
      const abort = (): void => resolve();
      signal.addEventListener('abort', abort, { once: true });
      await promise;
      signal.removeEventListener('abort', abort);
      clearTimeout(timer);
    }
    const woken = this.#woken;
    this.#woken = false;
    return woken && !signal.aborted;
  }
}
