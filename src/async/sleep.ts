// A delay that a signal can cut short. Delays that other processes can see use the `Clock` port instead.

import { setTimeout as delay } from 'node:timers/promises';

/** Resolves after `ms` or when the signal aborts, whichever comes first. Never rejects. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
}
