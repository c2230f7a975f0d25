// The one timer of the controller: it sleeps until the next moment and can be woken for an earlier one.

import type { Instant } from '../job/task.ts';
import type { Clock } from '../ports/clock.ts';

/** ms by which a sleep may last longer than it should by the clock that it began with. */
const oversleep = 500;

export class Alarm {
  readonly #clock: Clock;
  #until = -Infinity;
  #ring = new AbortController();
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves at the moment, or at an earlier one that `noLaterThan` names meanwhile. */
  async sleep(until: Instant): Promise<void> {
    if (this.#closed) return;
    const ring = new AbortController();
    this.#until = until;
    this.#ring = ring;
    // A clock that is set back must not make the controller sleep for as long.
    const atLast = setTimeout(() => ring.abort(), Math.max(0, until - this.#clock.now()) + oversleep);
    // It rejects only when it is woken.
    await this.#clock.sleep(until, ring.signal).catch(() => undefined);
    clearTimeout(atLast);
    this.#until = -Infinity;
  }

  noLaterThan(moment: Instant): void {
    if (moment >= this.#until) return;
    this.#until = -Infinity;
    this.#ring.abort();
  }

  close(): void {
    this.#closed = true;
    this.#ring.abort();
  }
}
