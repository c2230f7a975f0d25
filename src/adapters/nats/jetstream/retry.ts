// The one way to retry a request to NATS: which failures are retried, after which delays, and for how long.

import { sleep } from '../../../async/sleep.ts';
import { equalJitter } from '../../../job/backoff.ts';
import { GenwardenError } from '../../../job/errors/index.ts';
import { violationIn } from '../link/permissions.ts';
import type { NatsLink } from '../link/connection.ts';
import { isConflict, isRefusal, isStorageFull, isUnsettled, portError } from './errors.ts';

export interface RetryPolicy {
  /** Time from the first attempt after which the last failure is thrown, ms. */
  readonly giveUpAfter: number;
  readonly isTransient: (error: unknown) => boolean;
}

/** For requests of a running process: a leader that was killed is replaced within 6 to 8 s. */
export const whileRunning: RetryPolicy = { giveUpAfter: 10_000, isTransient: isUnsettled };

/** Batches that a dead client left open block all others for 10 s. */
export const forBatches: RetryPolicy = { giveUpAfter: 14_000, isTransient: isUnsettled };

/** Throws the first failure unchanged, for callers that retry a larger step. */
export const once: RetryPolicy = { giveUpAfter: 0, isTransient: () => false };

/** For a starting process: it also waits for a lost connection, full storage, and a JetStream that is being set up. */
const whileStarting: RetryPolicy = {
  giveUpAfter: 60_000,
  isTransient: (error) => mayPass(error) || isStorageFull(error),
};

/** For a process that cannot start without the result; it also waits for permissions. */
export const untilStopped: RetryPolicy = {
  giveUpAfter: Infinity,
  isTransient: (error) => mayPass(error) || isPermissionDenied(error),
};

/** Jitter keeps clients that failed together from retrying together. */
const backoff = { first: 50, cap: 500 };

/** The delay after this many failures in a row, ms. */
export const retryDelay = (failures: number): number => equalJitter(failures, backoff, Math.random());

/** The delay after this many conflicts in a row, ms: the processes that collided only have to get out of step. */
export const conflictDelay = (conflicts: number): number =>
  equalJitter(conflicts, { first: 10, cap: 100 }, Math.random());

export interface RetryHooks {
  readonly signal?: AbortSignal | undefined;
  readonly onFailure?: (error: Error) => void;
}

/**
 * Runs `attempt` until it succeeds. Throws a failure that is not transient unchanged, the last failure as a port's error
 * (`Unavailable` or `StorageFull`) when time is up, or the signal's reason. `what` starts the error's message.
 */
export async function retry<T>(
  policy: RetryPolicy,
  what: string,
  attempt: () => Promise<T>,
  { signal, onFailure }: RetryHooks = {},
): Promise<T> {
  const giveUpAt = performance.now() + policy.giveUpAfter;
  for (let failures = 1; ; failures += 1) {
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (!policy.isTransient(error)) throw error;
      if (performance.now() >= giveUpAt) throw portError(error, 'Unavailable', what);
      onFailure?.(error as Error);
    }
    await sleep(retryDelay(failures), signal);
  }
}

/**
 * Retries the work of a starting process. Throws immediately: a conflict unchanged, `NatsUnsuitable` for a refusal,
 * `NatsPermissionDenied`. Throws `Unavailable` after a minute without an answer, or when the link closes.
 */
export async function retryAtStart<T>(
  link: Pick<NatsLink, 'whileConnected' | 'closing'>,
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await retry(whileStarting, what, () => link.whileConnected(work), { signal: link.closing });
  } catch (error) {
    throw isConflict(error) ? error : portError(error, 'NatsUnsuitable', what);
  }
}

/** Everything but a clear refusal: no leader yet, a restart, a lost answer. */
function mayPass(error: unknown): boolean {
  if (error instanceof GenwardenError) return error.code === 'Unavailable';
  return violationIn(error) === undefined && !isRefusal(error);
}

const isPermissionDenied = (error: unknown): boolean =>
  error instanceof GenwardenError && error.code === 'NatsPermissionDenied';
