// Calls the provider for a claimed task. If a key turns out to be unusable, the call is repeated with the pool's other usable
// keys within the same attempt; only when none is left does the attempt end, and then it does not count.

import type { AttemptPhase } from '../job/attemptPhase.ts';
import type { Block } from '../job/block.ts';
import { blockError } from '../job/blockError.ts';
import { AttemptFailed, taskError, type PaidUsage, type TaskError } from '../job/errors/index.ts';
import { costOf } from '../job/money.ts';
import { isKeyFailure } from '../job/errors/failureKinds.ts';
import { targetOf } from '../job/target.ts';
import type { HeldKey } from '../ports/keyRing.ts';
import type { Generated, GenerateRequest } from '../ports/provider.ts';
import { callOf } from './admission.ts';
import { tracedCall } from './callSpan.ts';
import type { WorkerContext } from './context.ts';
import { AttemptAborted, type HeldTask } from './heldTasks.ts';
import { PartialTextSender } from './partialText.ts';
import type { Claim } from './pipeline.ts';

/** The keys that one attempt may try. Far more than a pool has; it only bounds a ring that keeps offering bad keys. */
const maxKeys = 100;

/** What every call of the attempt needs besides its key. */
export interface KeyedCall {
  readonly claim: Claim;
  readonly held: HeldTask;
  readonly request: GenerateRequest;
  readonly context: WorkerContext;
  /** Ends the call. */
  readonly signal: AbortSignal;
  /** What the worker does during the call. */
  readonly phase: AttemptPhase;
}

/** Releases `first` and every further key. Throws `AttemptFailed`, or the signal's reason. */
export async function callWithKeys(call: KeyedCall, first: HeldKey): Promise<Generated> {
  call.held.text = textSenderOf(call);
  try {
    const made = await callWithEachKey(call, first);
    call.held.text?.finish();
    return made;
  } finally {
    call.held.text?.close();
  }
}

/** The answer of a check is not the task's text. */
function textSenderOf({ claim, held, context, phase }: KeyedCall): PartialTextSender | undefined {
  const { texts, name: worker, pool } = context.options;
  const { of, run, attempt } = claim.state;
  if (texts === undefined || of.kind !== 'text' || phase.phase !== 'provider') return undefined;
  const { job, task } = of;
  const { signal } = held.abort;
  const about = { worker, pool, job, task, run, attempt, claim: held.claim };
  return new PartialTextSender({ texts, attempt: about, progress: () => held.fraction(), signal });
}

async function callWithEachKey(call: KeyedCall, first: HeldKey): Promise<Generated> {
  let key = first;
  let failure: TaskError | undefined;
  for (let tries = 0; tries < maxKeys; tries += 1) {
    const answer = await callOnce(call, key);
    if (answer !== undefined && 'images' in answer) return answer;
    failure = answer ?? failure;
    if (failure !== undefined && !isKeyFailure(failure.code)) throw new AttemptFailed(failure);
    const next = await nextKey(call, failure);
    if (!('secret' in next)) throw new AttemptFailed(errorWithoutKey(failure, next, call));
    key = next;
  }
  throw new AttemptFailed(failure ?? taskError('RateLimited', 'No API key could be used'));
}

/** Undefined if the request was not sent, because the key or the provider must not be used any more. */
async function callOnce(call: KeyedCall, key: HeldKey): Promise<Generated | TaskError | undefined> {
  const { held, context, signal, phase } = call;
  let sent = false;
  held.phase = phase;
  // A call that ignores its abort must not hold its key indefinitely. A second release of a key changes nothing.
  const abandon = (): void => void key.release({ outcome: sent ? 'aborted' : 'unused' });
  signal.addEventListener('abort', abandon, { once: true });
  try {
    sent = await key.send();
    if (signal.aborted || !sent) {
      void key.release({ outcome: 'unused' });
      signal.throwIfAborted();
      return undefined;
    }
    held.sentAt = context.options.clock.monotonic();
    held.firstSentAt ??= held.sentAt;
    return await answered(call, key);
  } catch (thrown) {
    if (thrown instanceof AttemptFailed && sent) return await failed(thrown, call, key);
    if (sent && !signal.aborted) context.telemetry.providerAnswered(call.request.model, 'error');
    abandon();
    throw thrown;
  } finally {
    signal.removeEventListener('abort', abandon);
    if (!signal.aborted) held.sentAt = undefined;
  }
}

async function answered(call: KeyedCall, key: HeldKey): Promise<Generated> {
  const { held, request, context, signal } = call;
  const onProgress = (fraction: number): void =>
    void (held.progress = Math.max(held.progress, Math.min(Math.max(fraction, 0), 1) * 0.95));
  const { text } = held;
  const anotherCall = async (): Promise<boolean> => {
    const may = await key.sendAgain();
    if (may) text?.restart();
    return may;
  };
  text?.restart();
  const calls = { onProgress, anotherCall, ...(text === undefined ? {} : { onText: text.add }) };
  const { provider } = context.options;
  const traced = { ...call, phase: call.phase.phase };
  const generate = (): Promise<Generated> => provider.generate(request, { signal, key: key.secret, ...calls });
  const made = await tracedCall(traced, context.options, generate);
  context.telemetry.providerAnswered(request.model, '200', made.usage);
  void key.release({ outcome: 'used', ...pay(call, made.usage, made.calls ?? 1) });
  return made;
}

/** The failure, marked if it belongs to an outage of the provider. */
async function failed({ error, usage }: AttemptFailed, call: KeyedCall, key: HeldKey): Promise<TaskError> {
  const { telemetry } = call.context;
  telemetry.providerAnswered(call.request.model, String(error.provider?.status ?? error.code), usage);
  telemetry.keyFailed(error);
  const paid = usage === undefined ? {} : pay(call, usage, 1);
  const { outage } = await key.release({ outcome: 'failed', error, ...paid });
  return outage ? { ...error, outage } : error;
}

/** Adds the calls to what the attempt has spent; returns their cost, if the model has a price. */
function pay({ held, request, context }: KeyedCall, usage: PaidUsage, calls: number): { cost?: number } {
  const cost = costOf(context.options.prices ?? {}, request.model, usage);
  const { inputTokens, outputTokens } = usage;
  held.pay(request.model, { calls, inputTokens, outputTokens, ...(cost === undefined ? {} : { cost }) });
  return cost === undefined ? {} : { cost };
}

async function nextKey(
  { claim, request, context, signal }: KeyedCall,
  failure: TaskError | undefined,
): Promise<HeldKey | Block> {
  const { keys, pool } = context.options;
  try {
    const next = await keys.reserve(pool, { ...callOf(claim.state), model: request.model });
    if (signal.aborted && 'secret' in next) void next.release({ outcome: 'unused' });
    signal.throwIfAborted();
    return next;
  } catch (error) {
    signal.throwIfAborted();
    if (failure !== undefined) throw new AttemptFailed(failure, { cause: error });
    throw error;
  }
}

/** How the attempt ends when the pool admits no further call. */
function errorWithoutKey(
  failure: TaskError | undefined,
  block: Block,
  { claim, request, context }: KeyedCall,
): TaskError {
  if (failure === undefined) {
    const error = blockError(block, claim.state, context.options.clock.now(), request.model);
    if (block.code === 'QueueTimeout') return taskError('RateLimited', error.message);
    return { ...error, ...(isOutage(block) && { outage: true }) };
  }
  // Other keys may have the quota or the right that this one lacks.
  const mayRecover = failure.code === 'QuotaUnavailable' || failure.code === 'PermissionDenied';
  return mayRecover ? { ...failure, retryable: !block.permanent } : failure;
}

const isOutage = ({ reason }: Block): boolean => reason === 'ProviderOutage';

/** The request for the provider, of the task's current target. */
export function requestOf({ state, request }: Claim, references: GenerateRequest['references']): GenerateRequest {
  return { kind: state.of.kind, model: targetOf(state).model, input: request.input, references };
}

/** An attempt that was aborted after its call was sent is billed all the same. */
export function payAborted(held: HeldTask, model: string, thrown: unknown): void {
  if (!(thrown instanceof AttemptAborted) || held.sentAt === undefined) return;
  held.pay(model, { calls: 1, inputTokens: 0, outputTokens: 0 });
  held.sentAt = undefined;
}
