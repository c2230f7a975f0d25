// Retries requests through restarts of the API and lost connections, with exponential backoff and jitter.

import { GenwardenApiError } from './error.ts';

/** ms. */
const backoff = { first: 250, cap: 5_000 };

/**
 * Calls until a response arrives. Retries 429, 502, 503, 504 and lost connections; throws any other error, the signal's
 * reason when it aborts, and the last failure once `giveUpAfterMs` have passed.
 */
export async function withRetries<T>(
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
      if (!isTemporary(error) || Date.now() - started >= giveUpAfterMs) throw error;
      const retryAfter = (error instanceof GenwardenApiError ? error.retryAfter : undefined) ?? 0;
      const ceiling = Math.min(backoff.cap, backoff.first * 2 ** Math.min(failures, 10));
      await sleep(Math.max(retryAfter, withJitter(ceiling)), signal);
    }
  }
}

/** Half fixed, half random, so that clients that lost the same server do not all reconnect at the same time. */
export const withJitter = (ms: number): number => ms * (0.5 + Math.random() / 2);

/** Rejects with the signal's reason when it aborts. */
export function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason as Error);
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

/** `fetch` throws a TypeError if there is no answer, in Node and in browsers. */
function isTemporary(error: unknown): boolean {
  if (error instanceof GenwardenApiError) return [429, 502, 503, 504].includes(error.status);
  return error instanceof TypeError;
}
