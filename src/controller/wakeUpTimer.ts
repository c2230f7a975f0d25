// The controller's only timer: it sleeps until the next due moment and can be woken for an earlier one.

import type { Instant } from '../job/time.ts';
import type { Clock } from '../ports/clock.ts';

/** How much longer than planned a sleep may last, ms of this machine's timers. */
const maxOversleep = 500;

export class WakeUpTimer {
  readonly #clock: Clock;
  #until = -Infinity;
  #sleep = new AbortController();
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves at `until`, or at an earlier moment that `noLaterThan` names in the meantime. */
  async sleep(until: Instant): Promise<void> {
    if (this.#closed) return;
    const sleep = new AbortController();
    this.#until = until;
    this.#sleep = sleep;
    // If the server's clock is set back, the controller must not sleep for that much longer.
    const limit = setTimeout(() => sleep.abort(), Math.max(0, until - this.#clock.now()) + maxOversleep);
    // The clock rejects only when the sleep is cut short.
    await this.#clock.sleep(until, sleep.signal).catch(() => undefined);
    clearTimeout(limit);
    this.#until = -Infinity;
  }

  noLaterThan(moment: Instant): void {
    if (moment >= this.#until) return;
    this.#until = -Infinity;
    this.#sleep.abort();
  }

  close(): void {
    this.#closed = true;
    this.#sleep.abort();
  }
}
