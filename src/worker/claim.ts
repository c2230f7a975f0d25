// The claim: `running` is written against the spec in hand, without a read before it, and only then is the delivery
// acknowledged. Where the answer leaves a doubt, the delivery is given back.

import type { Instant, Running } from '../job/task.ts';
import { claimed } from '../job/transitions.ts';
import type { DetailedEntry, WriteOutcome } from '../ports/jobLog.ts';
import type { Delivery } from '../ports/taskQueue.ts';
import type { WorkerContext } from './context.ts';
import type { HeldTask } from './heldTasks.ts';
import type { Claim } from './pipeline.ts';

/** Offered again after this, ms: to the controller overdue specs look the same all the while. */
const offerAgainAfter = 1_000;

/** ms past `dueAt` within which no read is spent on whether the controller has moved the task. */
const controllerNeeds = 2_000;

/** Claims the task, which the heldTasks names already; undefined where it is not ours to run. Never rejects. */
export async function claimTask(
  delivery: Delivery,
  held: HeldTask,
  context: WorkerContext,
): Promise<Claim | undefined> {
  const { clock } = context.options;
  const { state: spec } = delivery.entry;
  const now = clock.now();
  if (spec.dueAt <= now) return leaveToController(delivery, now, context);
  // Held already: its first delivery took longer than the queue waits for an ack.
  if (context.heldTasks.holdsBeside(held)) return giveBack(delivery);
  const state = claimed(spec, context.options.name, context.heartbeat.nextNumber, now);
  const outcome = await writeClaim(delivery, state, context);
  if (outcome === undefined) return giveBack(delivery);
  const claim = claimFrom(outcome, state, delivery, context);
  if (claim !== undefined) held.claimedAs(claim.sequence);
  return claim;
}

/** An overdue spec is not claimed: the controller fails it. Once it has, the queue may forget it, or it would be redelivered endlessly. */
async function leaveToController(delivery: Delivery, now: Instant, context: WorkerContext): Promise<undefined> {
  const late = now - delivery.entry.state.dueAt;
  if (late > controllerNeeds && (await hasMovedOn(delivery, context))) delivery.done();
  else delivery.giveBack(offerAgainAfter);
}

async function hasMovedOn({ entry }: Delivery, { options }: WorkerContext): Promise<boolean> {
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
    delivery.done();
    return { sequence: outcome.entry.sequence, state, request };
  }
  const { last } = outcome;
  // Refused although nothing is newer than the spec: an earlier write may still be under way.
  if (last !== undefined && last.sequence <= delivery.entry.sequence) return giveBack(delivery);
  delivery.done();
  return last === undefined ? undefined : earlierClaim(last, delivery, context);
}

/**
 * An earlier try of this worker whose answer never came, but which was stored: the task is ours. The name is new at each
 * start and the heldTasks holds no other attempt of the task, so nobody else can be running it.
 */
function earlierClaim(last: DetailedEntry, { entry }: Delivery, { options }: WorkerContext): Claim | undefined {
  const { state } = last;
  if (state.state !== 'running' || state.worker !== options.name || state.run !== entry.state.run) return undefined;
  return { sequence: last.sequence, state, request: entry.detail.request };
}

function giveBack(delivery: Delivery): undefined {
  delivery.giveBack(offerAgainAfter);
}
