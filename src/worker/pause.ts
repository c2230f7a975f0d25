// Short waits of this process itself, such as between two tries; moments that others see are the clock’s.

import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves after `ms` or when the signal aborts, whichever comes first; never rejects. */
export async function pause(ms: number, signal?: AbortSignal): Promise<undefined> {
  await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
}

/** Doubling waits from 100 ms to 2 s for the given try, the first being 1. */
export function backoff(tries: number): number {
  return Math.min(2_000, 100 * 2 ** Math.min(tries - 1, 10));
}

/** Settles like `promise`, or rejects with the signal’s reason as soon as that aborts. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) throw signal.reason;
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
