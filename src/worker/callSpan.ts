// The span of one call to the provider.

import { AttemptFailed } from '../job/errors/index.ts';
import type { Generated, GenerateRequest } from '../ports/provider.ts';
import { describeAnswer, describeFailure, startCallSpan } from '../telemetry/tracing/callSpans.ts';
import { nameOf, noTracer, type Span } from '../telemetry/tracing/tracer.ts';
import { attributesOf } from '../telemetry/tracing/taskSpans.ts';
import { AttemptAborted } from './heldTasks.ts';
import type { WorkerOptions } from './options.ts';
import type { Claim } from './pipeline.ts';

export interface TracedCall {
  readonly claim: Claim;
  readonly request: GenerateRequest;
  /** `provider`, or `check` for the check of a result. */
  readonly phase: string;
  /** Ends the call. */
  readonly signal: AbortSignal;
}

/** Runs the call. Its span ends at an abort, because a call that ignores it may never settle. */
export async function tracedCall(
  { claim, request, phase, signal }: TracedCall,
  { tracer = noTracer, provider, baseUrl }: WorkerOptions,
  generate: () => Promise<Generated>,
): Promise<Generated> {
  const span = startCallSpan(tracer, {
    parent: claim.span?.context,
    provider: provider.name,
    baseUrl,
    kind: request.kind,
    model: request.model,
    structured: request.input.schema !== undefined,
    attributes: { ...attributesOf(claim.state), 'genwarden.phase': phase },
  });
  const abort = (): void => failAndEnd(span, signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    const made = await generate();
    if (signal.aborted) return made;
    describeAnswer(span, made);
    span.set({ 'genwarden.calls': made.calls ?? 1 });
    span.end();
    return made;
  } catch (thrown) {
    if (!signal.aborted) failAndEnd(span, thrown);
    throw thrown;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function failAndEnd(span: Span, thrown: unknown): void {
  if (thrown instanceof AttemptFailed) {
    const { error, usage } = thrown;
    describeFailure(span, error.code, error.provider?.status, usage);
  } else {
    describeFailure(span, thrown instanceof AttemptAborted ? thrown.why : nameOf(thrown));
  }
  span.end();
}
