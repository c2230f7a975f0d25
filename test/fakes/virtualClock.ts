// A clock that stands still until a test moves it; sleepers wake in their order, and everything they start settles in between.

import type { Instant } from '../../src/job/task.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { start } from './taskBuilders.ts';

interface Sleeper {
  readonly until: Instant;
  readonly wake: () => void;
}

export class VirtualClock implements Clock {
  #monotonic = 0;
  #ahead = start;
  readonly #sleepers = new Set<Sleeper>();

  now(): Instant {
    return this.#ahead + this.#monotonic;
  }

  offset(): number {
    return this.#ahead - start;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  sleep(until: Instant, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal!.reason as Error);
      };
      const wake = (): void => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const sleeper = { until, wake };
      if (signal?.aborted === true) return abort();
      if (until <= this.now()) return resolve();
      signal?.addEventListener('abort', abort, { once: true });
      this.#sleepers.add(sleeper);
    });
  }

  /** Lets the time pass, one sleeper after the other. */
  async advance(ms: number): Promise<void> {
    const end = this.now() + ms;
    for (;;) {
      await settle();
      const next = this.#earliest();
      if (next === undefined || next.until > end) break;
      this.#sleepers.delete(next);
      this.#monotonic += Math.max(0, next.until - this.now());
      next.wake();
    }
    this.#monotonic += Math.max(0, end - this.now());
    await settle();
  }

  /** The process stands still for so long: nobody wakes meanwhile. */
  freeze(ms: number): void {
    this.#monotonic += ms;
  }

  /** The server's time steps, this process's does not. */
  jump(ms: number): void {
    this.#ahead += ms;
  }

  #earliest(): Sleeper | undefined {
    let earliest: Sleeper | undefined;
    for (const sleeper of this.#sleepers)
      if (earliest === undefined || sleeper.until < earliest.until) earliest = sleeper;
    return earliest;
  }
}

/** Lets everything that waits for nothing but the event loop go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
