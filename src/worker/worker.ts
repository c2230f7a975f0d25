// The worker: acquires keys, fetches specs from the queue, and in each slot claims a task, runs the attempt and writes the final
// status. It never decides about tasks that it does not hold.

import { count, isOrAre } from '../job/explain/format.ts';
import { sleep } from '../async/sleep.ts';
import type { Release } from '../async/weightedSemaphore.ts';
import { withSpent } from '../job/spent.ts';
import { elapsed } from '../job/time.ts';
import { logEvent } from '../job/logEvents/index.ts';
import type { HeldKey } from '../ports/keyRing.ts';
import type { Delivery } from '../ports/taskQueue.ts';
import { Admission, type Admitted } from './admission.ts';
import { runAttempt } from './attempt.ts';
import { AttemptTelemetry } from './attemptTelemetry.ts';
import { CallDurations } from './callDurations.ts';
import { claimTask, leftToController, waitsForRoom } from './claim.ts';
import type { WorkerContext } from './context.ts';
import { HeartbeatSender } from './heartbeatSender.ts';
import { MemoryGate } from './memoryGate.ts';
import { AttemptAborted, HeldTasks, type HeldTask } from './heldTasks.ts';
import type { WorkerOptions } from './options.ts';
import type { Claim } from './pipeline.ts';
import { report } from './report.ts';
import { Slots } from './slots.ts';
import { TenantPlaces } from './tenantPlaces.ts';

export type { WorkerOptions } from './options.ts';

export interface Worker {
  /** Stops claiming, lets attempts finish, and requeues the rest. Resolves with `finished`; safe to call again. */
  drain(): Promise<void>;
  /** The number of held tasks, from before their claim until their final write is answered. */
  running(): number;
  /** `live: false` when the worker should be replaced. */
  health(): { readonly live: boolean; readonly reason: string };
  /** Sends a heartbeat immediately, for use after a reconnect. */
  beat(): void;
  /** Resolves when the worker has ended, after `drain` or because too many slots leaked. Never rejects. */
  readonly finished: Promise<void>;
}

export function startWorker(options: WorkerOptions): Worker {
  const stop = new AbortController();
  const end = new AbortController();
  const context = contextOf(options, stop, end.signal);
  const { slots, heldTasks, heartbeat } = context;
  const cancellations = followCancellations(options, heldTasks, end.signal);
  const finished = runUntilStopped(context).then(async () => {
    end.abort(new AttemptAborted('drained', 'The worker has stopped'));
    heartbeat.close();
    await cancellations;
  });
  const drain = async (): Promise<void> => {
    stop.abort();
    await finished;
  };
  return {
    drain,
    running: () => heldTasks.size,
    health: () => healthOf(slots, stop.signal),
    beat: () => heartbeat.beat(),
    finished,
  };
}

function contextOf(options: WorkerOptions, stop: AbortController, ended: AbortSignal): WorkerContext {
  const { concurrency, abandonAfterMs = 2_000, logger } = options;
  const heldTasks = new HeldTasks();
  const slots = new Slots(concurrency, abandonAfterMs, () => {
    logEvent(
      logger,
      'slots_leaked',
      { leaked: slots.leaked },
      'Too many provider calls ignore their abort; draining the worker so that it can be replaced',
    );
    stop.abort();
  });
  const onError = (err: unknown): void => {
    // The log tells about full storage already.
    const isKnown = options.storage?.full()?.refuses === 'statuses';
    if (!isKnown) logEvent(logger, 'key_unavailable', { err }, 'Cannot get a provider key; will retry in a second');
  };
  const memory = new MemoryGate({ ...options, signal: stop.signal });
  const places = new TenantPlaces({ ...options, signal: stop.signal });
  const admission = new Admission({ ...options, memory, places, signal: stop.signal, onError });
  const heartbeat = new HeartbeatSender(options, heldTasks, slots, memory);
  const telemetry = new AttemptTelemetry(options);
  const stopTelling = options.storage?.onChange(() => heartbeat.beat());
  ended.addEventListener('abort', () => stopTelling?.(), { once: true });
  stop.signal.addEventListener('abort', () => {
    slots.wake();
    heartbeat.drain();
  });
  return {
    options,
    slots,
    admission,
    places,
    heldTasks,
    heartbeat,
    telemetry,
    durations: new CallDurations(),
    stopped: stop.signal,
    ended,
  };
}

async function runUntilStopped(context: WorkerContext): Promise<void> {
  while (!context.stopped.aborted) {
    try {
      await claimUntilStopped(context);
    } catch (err) {
      const message = 'The claim loop failed and will restart in a second';
      logEvent(context.options.logger, 'claim_loop_failed', { err }, message);
      await sleep(1_000, context.stopped);
    }
  }
  await drainHeld(context);
}

async function claimUntilStopped(context: WorkerContext): Promise<void> {
  const { options, slots, admission, places, stopped } = context;
  while (!stopped.aborted) {
    await slots.untilFree();
    const atMost = Math.min(slots.free, await admission.room());
    if (stopped.aborted || atMost === 0) continue;
    const deliveries = await options.queue.claimable(options.pool, atMost, stopped, places.room);
    for (const delivery of deliveries) startDelivery(delivery, context);
  }
}

function startDelivery(delivery: Delivery, context: WorkerContext): void {
  if (context.stopped.aborted) return void delivery.nak(0);
  const { of } = delivery.entry.state;
  const held = context.heldTasks.add(of.job, of.task);
  context.slots.take();
  void runDelivery(delivery, held, context);
}

/** Processes one delivery in its slot, until its final write is answered. Never rejects. */
async function runDelivery(delivery: Delivery, held: HeldTask, context: WorkerContext): Promise<void> {
  let admitted: Admitted | undefined;
  try {
    if ((await leftToController(delivery, context)) || (await waitsForRoom(delivery, context))) return;
    admitted = await context.admission.admit(delivery, held);
    if (admitted !== undefined) await runAdmitted(delivery, held, admitted, context);
  } catch (err) {
    const { logger } = context.options;
    const about = { err, job: held.job, task: held.task };
    logEvent(logger, 'slot_failed', about, 'A slot failed; the controller will recover its task');
  } finally {
    if (admitted !== undefined) context.places.leave(admitted.place, delivery.entry.state);
    context.heldTasks.remove(held);
    context.slots.release(held.unsettled, admitted?.release ?? noMemory);
  }
}

const noMemory: Release = () => undefined;

async function runAdmitted(delivery: Delivery, held: HeldTask, { key, place }: Admitted, context: WorkerContext) {
  const claim = await claimTask(delivery, held, context);
  if (claim === undefined) return void key.release({ outcome: 'unused' });
  place.claimed();
  await runClaimed(claim, held, key, context);
}

async function runClaimed(claim: Claim, held: HeldTask, key: HeldKey, context: WorkerContext): Promise<void> {
  const { clock } = context.options;
  const startedAt = clock.monotonic();
  context.telemetry.started(claim);
  const ending = await runAttempt(claim, held, key, context);
  const durationMs = Math.round(elapsed(startedAt, clock.monotonic()));
  const paid = { ...claim, state: withSpent(claim.state, held.paid) };
  const reported = ending.end === 'cancelled' ? undefined : await report(paid, ending, context);
  context.telemetry.finished(paid, ending, reported, { durationMs, paidBy: held.paidBy });
}

function healthOf(slots: Slots, stopped: AbortSignal): { live: boolean; reason: string } {
  if (slots.tooManyLeaked) {
    return {
      live: false,
      reason: `${slots.leaked} of ${count(slots.total, 'slot')} ${isOrAre(slots.leaked)} occupied by calls that ignore their abort`,
    };
  }
  return { live: true, reason: stopped.aborted ? 'draining' : 'working' };
}

const drainTimeout = 25_000;
const requeueTimeout = 3_000;

/**
 * Drains a worker that has stopped claiming. Attempts may run for `drainTimeoutMs`; then they are aborted and have
 * `requeueTimeoutMs` to requeue their tasks. Resolves when the worker holds no task, or after both timeouts. Call it after
 * `context.stopped` has aborted. Never rejects.
 */
async function drainHeld({ heldTasks, places, options }: WorkerContext): Promise<void> {
  const { drainTimeoutMs = drainTimeout, requeueTimeoutMs = requeueTimeout } = options;
  await heldTasks.empty(AbortSignal.timeout(drainTimeoutMs));
  heldTasks.abortAll(new AttemptAborted('drained', 'The worker is shutting down'));
  await heldTasks.empty(AbortSignal.timeout(requeueTimeoutMs));
  await places.settled(requeueTimeoutMs);
}

/**
 * Receives cancellations until the signal aborts: a task no longer belongs to this worker, so its call is aborted and no
 * status is written. The controller repeats a missed cancellation after the next heartbeat. Never rejects.
 */
async function followCancellations(
  { name, heartbeats, logger }: WorkerOptions,
  heldTasks: HeldTasks,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const cancellation of heartbeats.cancellations(name, signal)) heldTasks.cancel(cancellation);
    } catch (err) {
      const message = 'Cannot receive cancellations; will subscribe again in a second';
      if (!signal.aborted) logEvent(logger, 'cancellations_unavailable', { err }, message);
    }
    if (!signal.aborted) await sleep(1_000, signal);
  }
}
