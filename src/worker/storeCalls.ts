// Calls of the artifact store: counted, and patient where NATS is away, as what is stored has been paid for.

import type { ErrorCode } from '../job/errors.ts';
import { AttemptFailed, GenwardenError, taskError } from '../job/errors.ts';
import { backoff, pause } from './pause.ts';
import type { Parts } from './parts.ts';

const mostTries = 3;

/**
 * Runs one call: again for as long as NATS is away, until `signal` aborts (its reason is thrown then); three times in all
 * for any other fault, which is then thrown as `AttemptFailed` (`ArtifactStoreFailed`).
 */
export async function storeCall<T>(
  operation: 'put' | 'read',
  call: () => Promise<T>,
  signal: AbortSignal,
  { options }: Parts,
): Promise<T> {
  const requests = options.metrics.artifactStoreRequests;
  for (let tries = 1, faults = 0; ; tries += 1) {
    try {
      const answer = await call();
      requests.inc({ operation, outcome: 'ok' });
      return answer;
    } catch (error) {
      const code = codeOf(error);
      requests.inc({ operation, outcome: code === 'Unavailable' ? 'unavailable' : 'failed' });
      if (code !== 'Unavailable') faults += 1;
      if (faults >= mostTries) throw storeFailed(operation, error);
      await pause(backoff(tries), signal);
      signal.throwIfAborted();
    }
  }
}

function codeOf(error: unknown): ErrorCode | undefined {
  if (error instanceof GenwardenError) return error.code;
  return error instanceof AttemptFailed ? error.error.code : undefined;
}

function storeFailed(operation: string, cause: unknown): AttemptFailed {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new AttemptFailed(taskError('ArtifactStoreFailed', `The artifact store failed to ${operation}: ${why}`), {
    cause,
  });
}
