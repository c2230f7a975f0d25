// Calls to the artifact store: counted, and retried while NATS is unreachable or full, because the result has been paid for.

import { sleep } from '../async/sleep.ts';
import { backoffCeiling } from '../job/backoff.ts';
import { AttemptFailed, taskError } from '../job/errors/index.ts';
import type { WorkerContext } from './context.ts';
import { transientBackoff, isTransient } from './transientErrors.ts';

const mostTries = 3;

/**
 * Runs one call: again for as long as NATS is away or has no room, until `signal` aborts (its reason is thrown then); three times in all
 * for any other fault, which is then thrown as `AttemptFailed` (`ArtifactStoreFailed`).
 */
export async function storeCall<T>(
  operation: 'put' | 'read',
  call: () => Promise<T>,
  signal: AbortSignal,
  { options }: WorkerContext,
): Promise<T> {
  const requests = options.metrics.artifactStoreRequests;
  for (let tries = 1, faults = 0; ; tries += 1) {
    try {
      const answer = await call();
      requests.inc({ operation, outcome: 'ok' });
      return answer;
    } catch (error) {
      const passes = isTransient(error);
      requests.inc({ operation, outcome: passes ? 'unavailable' : 'failed' });
      if (!passes) faults += 1;
      if (faults >= mostTries) throw storeFailed(operation, error);
      await sleep(backoffCeiling(tries, transientBackoff), signal);
      signal.throwIfAborted();
    }
  }
}

function storeFailed(operation: string, cause: unknown): AttemptFailed {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new AttemptFailed(taskError('ArtifactStoreFailed', `The artifact store failed to ${operation}: ${why}`), {
    cause,
  });
}
