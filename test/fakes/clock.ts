// Clocks without a server: this machine's, and one that stands still until it is moved.

import { setTimeout as pause } from 'node:timers/promises';
import type { Instant } from '../../src/job/task.ts';
import type { Clock } from '../../src/ports/clock.ts';

const sleepSlice = 1_000;

/** The time of this machine. */
export function systemClock(): Clock {
  const now = (): Instant => Date.now();
  return {
    now,
    offset: () => 0,
    monotonic: () => performance.now(),
    sleep: async (until, signal) => {
      for (;;) {
        signal?.throwIfAborted();
        const left = until - now();
        if (left <= 0) return;
        await pause(Math.min(left, sleepSlice), undefined, signal === undefined ? {} : { signal }).catch(() =>
          signal?.throwIfAborted(),
        );
      }
    },
  };
}

export interface VirtualClock extends Clock {
  /** Moves both times on by `ms` and wakes whoever slept up to then, in the order of their times. */
  advance(ms: number): void;
  /** How many sleep. */
  sleepers(): number;
}

interface Sleeper {
  readonly until: Instant;
  readonly wake: () => void;
}

/** Stands at `start` until it is moved. */
export function virtualClock(start: Instant = 1_700_000_000_000): VirtualClock {
  let now = start;
  const sleepers = new Set<Sleeper>();
  return {
    now: () => now,
    offset: () => 0,
    monotonic: () => now - start,
    sleepers: () => sleepers.size,
    advance: (ms) => {
      now += ms;
      const due = [...sleepers].filter(({ until }) => until <= now).toSorted((a, b) => a.until - b.until);
      for (const sleeper of due) sleeper.wake();
    },
    sleep: (until, signal) => {
      if (signal?.aborted) return Promise.reject(signal.reason as Error);
      if (until <= now) return Promise.resolve();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const leave = (settle: () => void): void => {
        sleepers.delete(sleeper);
        signal?.removeEventListener('abort', abort);
        settle();
      };
      const abort = (): void => leave(() => reject(signal!.reason as Error));
      const sleeper: Sleeper = { until, wake: () => leave(resolve) };
      sleepers.add(sleeper);
      signal?.addEventListener('abort', abort, { once: true });
      return promise;
    },
  };
}
