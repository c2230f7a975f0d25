// A delay that a signal can cut short. Delays that other processes can see use the `Clock` port instead.

import { setTimeout as delay } from 'node:timers/promises';

/** Resolves after `ms` or when the signal aborts, whichever comes first. Never rejects. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
}

/**
 * Resolves once a clock shows `until`; rejects when the signal aborts. Sleeps in slices, because the clock may jump meanwhile
 * and a timer may fire slightly early.
 */
export async function sleepUntil(until: number, now: () => number, signal?: AbortSignal): Promise<void> {
  for (;;) {
    signal?.throwIfAborted();
    const left = until - now();
    if (left <= 0) return;
    await sleep(Math.min(left, 1_000), signal);
  }
}
