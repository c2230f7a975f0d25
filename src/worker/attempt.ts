// Runs one attempt at a claimed task: results of other tasks → references → provider → artifacts, under one signal that aborts when the attempt is due,
// at a cancellation and at a shutdown. Once the provider has answered, the call is paid for, and only the end of the worker
// stops the remaining steps.

import { freeBytes } from '../async/freeBytes.ts';
import { untilAborted } from '../async/abort.ts';
import { phaseText, type AttemptPhase } from '../job/attemptPhase.ts';
import { limitText } from '../job/duration.ts';
import { blockError } from '../job/blockError.ts';
import { AttemptFailed, taskError, type TaskError } from '../job/errors/index.ts';
import { targetOf } from '../job/target.ts';
import type { Instant, Running } from '../job/task.ts';
import { elapsed } from '../job/time.ts';
import { whyDue } from '../job/whyDue.ts';
import type { HeldKey } from '../ports/keyRing.ts';
import type { Generated } from '../ports/provider.ts';
import type { WorkerContext } from './context.ts';
import { AttemptAborted, type HeldTask } from './heldTasks.ts';
import type { Claim, Ending } from './pipeline.ts';
import { callWithKeys, payAborted, requestOf } from './keyedCall.ts';
import { withResults } from './dependencies.ts';
import { readReferences } from './references.ts';
import { storeResult } from './storeResult.ts';

/**
 * Runs the attempt and returns its ending. After an abort it returns before the call has settled (`held.unsettled`). Never rejects.
 */
export async function runAttempt(claim: Claim, held: HeldTask, key: HeldKey, context: WorkerContext): Promise<Ending> {
  const { clock } = context.options;
  const startedAt = clock.monotonic();
  const generating = withoutCheck(claim.state);
  const disarm = abortWhenDue(generating, held.abort, clock.now());
  const call = generate(claim, held, key, context);
  const { model } = targetOf(claim.state);
  held.timing = (sentAt) => context.durations.timing(model, elapsed(sentAt, clock.monotonic()));
  try {
    const { made, sent } = await untilAborted(call, held.abort.signal);
    disarm();
    held.answered = true;
    held.phase = { phase: 'result' };
    held.progress = Math.max(held.progress, 0.95);
    // Without the time for the references, which says nothing about the provider.
    const durationMs = Math.round(elapsed(held.firstSentAt ?? startedAt, clock.monotonic()));
    context.durations.record(model, durationMs);
    return { end: 'completed', result: await storeResult(sent, made, { held, durationMs }, context) };
  } catch (thrown) {
    disarm();
    const { signal } = held.abort;
    if (!signal.aborted || held.answered) return endingOf(thrown, generating, context);
    payAborted(held, model, signal.reason);
    held.unsettled = call.then(({ made }) => made.release?.(), ignore);
    return endingOf(signal.reason, generating, context, held.phase);
  }
}

/** The time of the check is not the provider's: the result is made within the attempt's timeout. */
function withoutCheck(state: Running): Running {
  return { ...state, dueAt: Math.min(state.dueAt, state.since + state.of.policy.attemptTimeout) };
}

/** Aborts shortly before the attempt is due by the server's clock, so that its status is stored in time. */
function abortWhenDue(state: Running, abort: AbortController, now: Instant): () => void {
  const left = state.dueAt - now;
  const timer = setTimeout(() => abort.abort(new AttemptAborted('due', 'due')), left - Math.min(500, left * 0.05));
  return () => clearTimeout(timer);
}

interface Call {
  readonly made: Generated;
  /** The claim with the results of other tasks in its input. */
  readonly sent: Claim;
}

async function generate(claim: Claim, held: HeldTask, key: HeldKey, context: WorkerContext): Promise<Call> {
  const { signal } = held.abort;
  const release = (): void => void key.release({ outcome: 'unused' });
  signal.addEventListener('abort', release, { once: true });
  try {
    const sent = await withResults(claim, held, context);
    const references = await readReferences(sent, held, context);
    try {
      signal.throwIfAborted();
      signal.removeEventListener('abort', release);
      const request = requestOf(sent, references);
      const made = await callWithKeys({ claim, held, request, context, signal, phase: { phase: 'provider' } }, key);
      return { made, sent };
    } finally {
      for (const { bytes } of references) freeBytes(bytes);
    }
  } catch (thrown) {
    // Changes nothing if the call was made.
    release();
    throw thrown;
  }
}

function endingOf(thrown: unknown, state: Running, context: WorkerContext, phase?: AttemptPhase): Ending {
  if (thrown instanceof AttemptAborted) return endingOfAbort(thrown, state, context, phase);
  if (thrown instanceof AttemptFailed) return { end: 'failed', error: thrown.error };
  context.telemetry.failedUnexpectedly(state, thrown);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return {
    end: 'failed',
    error: taskError('WorkerError', `The attempt failed unexpectedly: ${message.slice(0, 300)}`),
  };
}

/**
 * A probe that the job's deadline ends shares the fate of the tasks in the queue: its provider is out. An attempt that was
 * still reading its references says nothing about the provider, so it is not a timeout that a fallback could avoid.
 */
function errorWhenDue(state: Running, { options }: WorkerContext, phase: AttemptPhase | undefined): TaskError {
  const limit = limitText(state.dueAt - state.since);
  const code = whyDue(state);
  if (phase !== undefined && phase.phase !== 'provider') {
    const message = `The attempt had ${limit}, and the worker was still ${phaseText(phase)}`;
    return taskError(code === 'AttemptTimeout' ? 'ArtifactStoreFailed' : code, message);
  }
  const error = taskError(code, `The provider did not answer within ${limit}`);
  const { pool, model } = targetOf(state);
  const block = code === 'DeadlineExceeded' ? options.keys.block(pool, model, state.of.tenant) : undefined;
  if (block?.reason !== 'ProviderOutage') return error;
  const cause = blockError(block, state, options.clock.now());
  return { ...cause, retryable: false, message: `The job's deadline passed during the call: ${cause.message}` };
}

function endingOfAbort(
  { why, message }: AttemptAborted,
  state: Running,
  context: WorkerContext,
  phase: AttemptPhase | undefined,
): Ending {
  switch (why) {
    case 'cancelled':
      return { end: 'cancelled', reason: message };
    case 'drained':
      return { end: 'failed', error: taskError('WorkerDrained', `Worker ${context.options.name} was shut down`) };
    case 'due':
      return { end: 'failed', error: errorWhenDue(state, context, phase) };
    default:
      return why satisfies never;
  }
}

const ignore = (): void => undefined;
