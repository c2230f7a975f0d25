// Polls a condition that sends no signal when it becomes true; the failure names what the test waited for.
import { sleep } from '../../src/async/sleep.ts';

export interface UntilOptions {
  /** Completes the sentence "gave up waiting for …". */
  what: string;
  /** Default 10,000. */
  timeoutMs?: number;
  /** Between two checks; default 20. */
  intervalMs?: number;
}

type Falsy = undefined | null | false | 0 | '';

/**
 * Resolves with the first truthy value of `condition`. A condition that throws counts as not yet true; its last error is
 * the cause of the failure.
 */
export async function until<T>(
  condition: () => T | Falsy | Promise<T | Falsy>,
  { what, timeoutMs = 10_000, intervalMs = 20 }: UntilOptions,
): Promise<T> {
  const giveUpAt = performance.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= giveUpAt) break;
    await sleep(intervalMs);
  }
  throw new Error(`gave up waiting for ${what} after ${timeoutMs} ms`, { cause });
}
