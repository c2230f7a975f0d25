// Calls to the artifact store: counted, and retried while NATS is unreachable or full, because the result has been paid for.

import { sleep } from '../async/sleep.ts';
import { backoffCeiling } from '../job/backoff.ts';
import { AttemptFailed, taskError } from '../job/errors/index.ts';
import { noTracer, withSpan, type Span } from '../telemetry/tracing/tracer.ts';
import type { WorkerContext } from './context.ts';
import { transientBackoff, isTransient } from './transientErrors.ts';

const maxTries = 3;

export interface StoreOperation {
  readonly operation: 'put' | 'read';
  /** Starts the error's message: what failed. */
  readonly what: string;
  /** Of the attempt. */
  readonly span?: Span | undefined;
}

/**
 * Runs one call. Retries while NATS is unreachable or full, until `signal` aborts, and then throws the signal's reason. Any other
 * error is thrown as `AttemptFailed` (`ArtifactStoreFailed`) when it occurs for the third time.
 */
export function storeCall<T>(
  operation: StoreOperation,
  call: () => Promise<T>,
  signal: AbortSignal,
  context: WorkerContext,
): Promise<T> {
  const { tracer = noTracer } = context.options;
  const span = tracer.start(`${operation.operation} artifact`, { parent: operation.span?.context, kind: 'client' });
  return withSpan(span, () => untilStored(operation, call, signal, context));
}

async function untilStored<T>(
  { operation, what }: StoreOperation,
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
      signal.throwIfAborted();
      const transient = isTransient(error);
      requests.inc({ operation, outcome: transient ? 'unavailable' : 'failed' });
      if (!transient) faults += 1;
      if (faults >= maxTries) throw storeFailed(what, error);
      await sleep(backoffCeiling(tries, transientBackoff), signal);
      signal.throwIfAborted();
    }
  }
}

function storeFailed(what: string, cause: unknown): AttemptFailed {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new AttemptFailed(taskError('ArtifactStoreFailed', `${what}: ${why}`), { cause });
}
