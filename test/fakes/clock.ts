// The `Clock` port without a server: the time of this machine, and a virtual time that moves only when a test moves it.

import { monotonicFrom } from '../../src/job/time.ts';
import { sleepUntil } from '../../src/async/sleep.ts';
import type { Instant } from '../../src/job/task.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { start } from './tasks.ts';

/** The time of this machine. */
export function systemClock(): Clock {
  const now = (): Instant => Date.now();
  return {
    now,
    offset: () => 0,
    monotonic: () => monotonicFrom(performance.now()),
    sleep: (until, signal) => sleepUntil(until, now, signal),
  };
}

export interface VirtualClock extends Clock {
  /** Lets `ms` pass: wakes one sleeper after the other, and lets everything that it starts settle before the next. */
  advance(ms: number): Promise<void>;
  /** Moves the time by `ms` at once, as for a process that was frozen, then wakes all sleepers that are due. */
  skip(ms: number): void;
  /** Moves the server's time by `ms`, but not this process's monotonic time. */
  jump(ms: number): void;
}

interface Sleeper {
  readonly until: Instant;
  readonly wake: () => void;
}

export function virtualClock(startsAt: Instant = start): VirtualClock {
  let monotonic = 0;
  let offset = 0;
  const sleepers = new Set<Sleeper>();
  const now = (): Instant => startsAt + offset + monotonic;
  const earliest = (): Sleeper | undefined => {
    let found: Sleeper | undefined;
    for (const sleeper of sleepers) if (found === undefined || sleeper.until < found.until) found = sleeper;
    return found;
  };
  return {
    now,
    offset: () => offset,
    monotonic: () => monotonicFrom(monotonic),
    jump: (ms) => void (offset += ms),
    skip: (ms) => {
      monotonic += ms;
      const due = [...sleepers].filter(({ until }) => until <= now()).toSorted((a, b) => a.until - b.until);
      for (const sleeper of due) sleeper.wake();
    },
    advance: async (ms) => {
      const end = now() + ms;
      for (;;) {
        await settle();
        const next = earliest();
        if (next === undefined || next.until > end) break;
        monotonic += Math.max(0, next.until - now());
        next.wake();
      }
      monotonic += Math.max(0, end - now());
      await settle();
    },
    sleep: (until, signal) => {
      if (signal?.aborted) return Promise.reject(signal.reason as Error);
      if (until <= now()) return Promise.resolve();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const leave = (answer: () => void): void => {
        sleepers.delete(sleeper);
        signal?.removeEventListener('abort', abort);
        answer();
      };
      const abort = (): void => leave(() => reject(signal!.reason as Error));
      const sleeper: Sleeper = { until, wake: () => leave(resolve) };
      sleepers.add(sleeper);
      signal?.addEventListener('abort', abort, { once: true });
      return promise;
    },
  };
}

/** Lets everything continue that waits for nothing but the event loop. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
