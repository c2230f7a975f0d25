// Tries again through restarts and lost connections, with growing pauses.

import { GenwardenApiError } from './error.ts';

const firstPause = 250;
const longestPause = 5_000;

/**
 * Calls until there is an answer: 429, 502, 503, 504 and lost connections are waited out. Anything else is thrown, and so
 * is the signal's reason when it aborts, and the last failure when `giveUpAfterMs` have passed since the last answer.
 */
export async function patiently<T>(
  call: () => Promise<T>,
  signal: AbortSignal | undefined,
  giveUpAfterMs = Infinity,
): Promise<T> {
  const started = Date.now();
  for (let failures = 0; ; failures += 1) {
    try {
      return await call();
    } catch (error) {
      signal?.throwIfAborted();
      if (!isPassing(error) || Date.now() - started >= giveUpAfterMs) throw error;
      const named = error instanceof GenwardenApiError ? error.retryAfter : undefined;
      // Half fixed, half random, so that clients which lost the same server do not come back as one.
      const pause = Math.min(longestPause, firstPause * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);
      await sleep(Math.max(named ?? 0, pause), signal);
    }
  }
}

/** `fetch` throws a TypeError where there is no answer, in Node and in browsers. */
function isPassing(error: unknown): boolean {
  if (error instanceof GenwardenApiError) return [429, 502, 503, 504].includes(error.status);
  return error instanceof TypeError;
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal!.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', abort, { once: true });
  });
}
