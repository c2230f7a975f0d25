// Whether a stand-in of Genwarden answers instead of a provider, whichever process started it: its pictures must not be taken for the
// provider's.

import { z } from 'zod';
import { sleep } from '../async/sleep.ts';

const standIn = z.object({ name: z.literal('genwarden-stand-in') });

/** ms. */
const timeout = 5_000;
const firstPause = 2_000;
const longestPause = 60_000;
/** Bytes: the stand-in's answer is shorter, and other servers may answer anything. */
const longest = 1_000;

/**
 * Asks the configured address, without a key, until something answers there. A provider at its own address, which is undefined,
 * is none. Never rejects; false if the signal aborts first.
 */
export async function answersAsStandIn(
  baseUrl: string | undefined,
  signal: AbortSignal,
  again: (ms: number, signal: AbortSignal) => Promise<void> = sleep,
): Promise<boolean> {
  const url = baseUrl === undefined ? null : URL.parse('/standin', baseUrl);
  if (url === null) return false;
  for (let pause = firstPause; !signal.aborted; pause = Math.min(longestPause, 2 * pause)) {
    const answer = await ask(url, signal).catch(() => undefined);
    if (answer !== undefined) return answer;
    await again(pause, signal);
  }
  return false;
}

async function ask(url: URL, signal: AbortSignal): Promise<boolean> {
  const either = AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
  const answer = await fetch(url, { signal: either, redirect: 'manual' });
  const length = Number(answer.headers.get('content-length') ?? Infinity);
  if (answer.status !== 200 || length > longest) {
    await answer.body?.cancel();
    return false;
  }
  const text = await answer.text();
  try {
    return standIn.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}
