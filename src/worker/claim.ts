// Claims a task: writes `running` on condition that the delivered spec is the task's last message, without reading first, and
// only then acknowledges the delivery. If the outcome is uncertain, the delivery is returned to the queue.

import type { Running } from '../job/task.ts';
import { traceOf } from '../job/trace.ts';
import { claimed } from '../job/transitions.ts';
import type { DetailedEntry, WriteOutcome } from '../ports/jobLog.ts';
import type { Delivery } from '../ports/taskQueue.ts';
import { recordQueueSpan, startAttemptSpan } from '../telemetry/tracing/taskSpans.ts';
import { noTracer, ownSpanId, type Span } from '../telemetry/tracing/tracer.ts';
import type { WorkerContext } from './context.ts';
import type { HeldTask } from './heldTasks.ts';
import { isStoreRefusal } from './transientErrors.ts';
import type { Claim } from './pipeline.ts';

/** Delay before a returned delivery is offered again, ms. The controller handles overdue specs independently of it. */
const redeliverAfter = 1_000;

/** The time that the controller gets to fail an overdue task before the worker reads whether it has, ms after `dueAt`. */
const controllerGrace = 2_000;

/** Claims the task of `held`; returns undefined if this worker must not run it. Never rejects. */
export async function claimTask(
  delivery: Delivery,
  held: HeldTask,
  context: WorkerContext,
): Promise<Claim | undefined> {
  const { clock } = context.options;
  const { state: spec } = delivery.entry;
  const now = clock.now();
  // The first delivery took longer than the queue waits for an ack, so the task was redelivered.
  if (context.heldTasks.holdsAnotherOf(held)) return nak(delivery);
  const { name, tracer = noTracer } = context.options;
  const span = startAttemptSpan(tracer, spec, name);
  const state = inSpan(claimed(spec, name, context.heartbeat.nextNumber, now), span);
  const outcome = await writeClaim(delivery, state, context);
  if (outcome === undefined) return nak(delivery);
  const claim = claimFrom(outcome, state, delivery, context);
  // The span of a claim that was refused never ends, so it is not sent.
  if (claim === undefined) return undefined;
  held.claimedAs(claim.sequence);
  recordQueueSpan(tracer, spec, claim.state.since);
  return { ...claim, span };
}

/** The claim names the span of the attempt, so that the next attempt can link to it. */
function inSpan(state: Running, span: Span): Running {
  const attemptSpan = ownSpanId(span, traceOf(state.of));
  return attemptSpan === undefined ? state : { ...state, attemptSpan };
}

/**
 * Whether the delivery is overdue, so that the controller fails it. Once it has, the delivery is acknowledged; otherwise it
 * would be redelivered endlessly.
 */
export async function leftToController(delivery: Delivery, context: WorkerContext): Promise<boolean> {
  const late = context.options.clock.now() - delivery.entry.state.dueAt;
  if (late < 0) return false;
  if (late > controllerGrace && (await hasNewerMessage(delivery, context))) delivery.ack();
  else delivery.nak(redeliverAfter);
  return true;
}

/**
 * Whether the delivery was returned to the queue because the artifact store takes nothing: the result of a paid call could not be
 * stored. Without room for a status the claim itself fails.
 */
export async function waitsForRoom(delivery: Delivery, { options }: WorkerContext): Promise<boolean> {
  if (delivery.entry.state.of.kind !== 'image') return false;
  try {
    // Also ends what is known about a full account once it has room again.
    await options.artifacts.checkRoom();
    if (options.storage?.full()?.refuses !== 'artifacts') return false;
  } catch (error) {
    // While NATS does not answer, the claim fails as well.
    if (!isStoreRefusal(error)) return false;
  }
  delivery.nak(redeliverAfter);
  return true;
}

async function hasNewerMessage({ entry }: Delivery, { options }: WorkerContext): Promise<boolean> {
  try {
    const last = await options.log.last(entry.state.of);
    return last !== undefined && last.sequence > entry.sequence;
  } catch {
    return false;
  }
}

async function writeClaim(
  delivery: Delivery,
  state: Running,
  context: WorkerContext,
): Promise<WriteOutcome | undefined> {
  const { name, log } = context.options;
  const message = `Worker ${name} is running attempt ${state.attempt} of ${state.of.policy.maxAttempts}`;
  try {
    return await log.write({ state, detail: { message } }, delivery.entry.sequence);
  } catch (error) {
    context.telemetry.claimUnanswered(state, error);
    return undefined;
  }
}

function claimFrom(
  outcome: WriteOutcome,
  state: Running,
  delivery: Delivery,
  context: WorkerContext,
): Claim | undefined {
  const { request } = delivery.entry.detail;
  if (outcome.outcome === 'written') {
    delivery.ack();
    return { sequence: outcome.entry.sequence, state, request };
  }
  const { last } = outcome;
  // Refused although the spec is still the last message: an earlier write may be in flight.
  if (last !== undefined && last.sequence <= delivery.entry.sequence) return nak(delivery);
  delivery.ack();
  return last === undefined ? undefined : earlierClaim(last, delivery, context);
}

/**
 * The task is already ours if an earlier claim of this worker was stored and only its answer was lost. Worker names are new at
 * each start and `heldTasks` has no other attempt of the task, so no other attempt can be running.
 */
function earlierClaim(last: DetailedEntry, { entry }: Delivery, { options }: WorkerContext): Claim | undefined {
  const { state } = last;
  if (state.state !== 'running' || state.worker !== options.name || state.run !== entry.state.run) return undefined;
  return { sequence: last.sequence, state, request: entry.detail.request };
}

function nak(delivery: Delivery): undefined {
  delivery.nak(redeliverAfter);
}
