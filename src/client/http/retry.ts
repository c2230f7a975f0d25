// Retries requests through restarts of the API and lost connections, with exponential backoff and jitter.

import { GenwardenApiError, GenwardenConnectionError, mayHaveApplied } from './error.ts';

/** ms. */
const backoff = { first: 250, cap: 5_000 };
/** ms. A caller should learn of a longer delay instead of sleeping, however long it would retry. */
const longestRetryAfter = 300_000;

export interface RetryRule {
  readonly signal: AbortSignal | undefined;
  /** No try begins later than this after the first one, ms; 0: one try. */
  readonly giveUpAfterMs: number;
  /** A second try changes nothing that the first one has not. Otherwise only what was surely not carried out is retried. */
  readonly repeatable: boolean;
}

/**
 * Calls until a response arrives; `applied` is true if an earlier try may have been carried out. Retries 429, 502, 503, 504 and lost
 * connections. Throws any other error, the signal's reason when it aborts, and the last failure when the next try would begin too
 * late, also if the API asks for a longer delay than is left or than five minutes. `mayHaveApplied` of that failure is about all tries.
 */
export async function withRetries<T>(
  call: (applied: boolean) => Promise<T>,
  { signal, giveUpAfterMs, repeatable }: RetryRule,
): Promise<T> {
  const started = Date.now();
  let applied = false;
  for (let failures = 0; ; failures += 1) {
    try {
      return await call(applied);
    } catch (error) {
      signal?.throwIfAborted();
      const delay = delayAfter(error, failures);
      if (!mayRetry(error, repeatable) || Date.now() - started + delay >= giveUpAfterMs) {
        throw applied ? aboutAllTries(error) : error;
      }
      applied ||= mayHaveApplied(error);
      await sleep(delay, signal);
    }
  }
}

const aboutAllTries = (error: unknown): unknown =>
  error instanceof GenwardenApiError || error instanceof GenwardenConnectionError ? error.asApplied() : error;

function mayRetry(error: unknown, repeatable: boolean): boolean {
  if (error instanceof GenwardenConnectionError) return repeatable || error.refused;
  if (!(error instanceof GenwardenApiError) || (error.retryAfter ?? 0) > longestRetryAfter) return false;
  return error.status === 429 || (repeatable && [502, 503, 504].includes(error.status));
}

/** ms. */
function delayAfter(error: unknown, failures: number): number {
  const retryAfter = (error instanceof GenwardenApiError ? error.retryAfter : undefined) ?? 0;
  const ceiling = Math.min(backoff.cap, backoff.first * 2 ** Math.min(failures, 10));
  return Math.max(retryAfter, withJitter(ceiling));
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
