// The controller's only timer. It sleeps until the next check is due, and can be woken earlier.

import type { Instant } from '../job/time.ts';
import type { Clock } from '../ports/clock.ts';

/** The maximum time that a sleep may exceed its planned duration, ms by this machine's timers. */
const maxOversleep = 500;

export class WakeUpTimer {
  readonly #clock: Clock;
  #until = -Infinity;
  #sleep = new AbortController();
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves at `until`, or at an earlier moment that `wakeBy` sets in the meantime. */
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

  wakeBy(moment: Instant): void {
    if (moment >= this.#until) return;
    this.#until = -Infinity;
    this.#sleep.abort();
  }

  close(): void {
    this.#closed = true;
    this.#sleep.abort();
  }
}
