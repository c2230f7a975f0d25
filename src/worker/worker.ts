// A worker: keys in hand → specs from the queue → claim → attempt → final status, in as many slots as it has. It claims,
// runs and reports; it never decides about tasks that it does not hold.

import { elapsed } from '../job/time.ts';
import type { HeldKey } from '../ports/keyRing.ts';
import type { Delivery } from '../ports/taskQueue.ts';
import { runAttempt } from './attempt.ts';
import { Beater } from './beat.ts';
import { claimTask } from './claim.ts';
import type { Claim } from './steps.ts';
import { drainHeld } from './drain.ts';
import { Journal } from './journal.ts';
import { KeysInHand } from './keysInHand.ts';
import type { WorkerOptions } from './options.ts';
import { Pace } from './pace.ts';
import type { Parts } from './parts.ts';
import { sleep } from '../async/sleep.ts';
import { followRecalls } from './recall.ts';
import { report } from './report.ts';
import { AttemptAborted, Roster, type HeldTask } from './roster.ts';
import { Slots } from './slots.ts';

export type { WorkerOptions } from './options.ts';

export interface Worker {
  /** Stops claiming, lets attempts end, hands the rest back; resolves with `finished`. Safe to call again. */
  drain(): Promise<void>;
  /** Tasks held: from before their claim until their final write is answered. */
  running(): number;
  /** `live: false` when the worker should be replaced. */
  health(): { readonly live: boolean; readonly reason: string };
  /** Beats at once: for the moment the connection is back. */
  beat(): void;
  /** Resolves when the worker has ended, after a drain or by itself when too many slots have leaked. Never rejects. */
  readonly finished: Promise<void>;
}

export function startWorker(options: WorkerOptions): Worker {
  const stop = new AbortController();
  const end = new AbortController();
  const parts = partsOf(options, stop, end.signal);
  const { slots, roster, beater } = parts;
  const recalls = followRecalls({ ...options, roster, signal: end.signal });
  const finished = runUntilStopped(parts).then(async () => {
    end.abort(new AttemptAborted('drained', 'The worker has ended'));
    beater.close();
    await recalls;
  });
  const drain = async (): Promise<void> => {
    stop.abort();
    await finished;
  };
  return {
    drain,
    running: () => roster.size,
    health: () => healthOf(slots, stop.signal),
    beat: () => beater.beat(),
    finished,
  };
}

function partsOf(options: WorkerOptions, stop: AbortController, ended: AbortSignal): Parts {
  const { concurrency, abandonAfterMs = 2_000, keys: ring, pool, logger } = options;
  const roster = new Roster();
  const slots = new Slots(concurrency, abandonAfterMs, () => {
    logger.error({ leaked: slots.leaked }, 'Too many calls ignore their abort: the worker drains, to be replaced');
    stop.abort();
  });
  const onError = (err: unknown): void => logger.error({ err }, 'The key ring failed; asking again in a second');
  const keys = new KeysInHand({ ring, pool, signal: stop.signal, onError });
  const beater = new Beater(options, roster, slots);
  const journal = new Journal(options);
  stop.signal.addEventListener('abort', () => {
    keys.close();
    slots.wake();
    beater.drain();
  });
  return { options, slots, keys, roster, beater, journal, pace: new Pace(), stopped: stop.signal, ended };
}

async function runUntilStopped(parts: Parts): Promise<void> {
  while (!parts.stopped.aborted) {
    try {
      await claimUntilStopped(parts);
    } catch (err) {
      parts.options.logger.error({ err }, 'The claim loop failed; it starts again in a second');
      await sleep(1_000, parts.stopped);
    }
  }
  await drainHeld(parts);
}

async function claimUntilStopped(parts: Parts): Promise<void> {
  const { options, slots, keys, stopped } = parts;
  let wanted = 1;
  while (!stopped.aborted) {
    await slots.someFree();
    keys.want(Math.min(slots.free, wanted));
    await keys.some();
    const atMost = Math.min(slots.free, keys.count);
    if (stopped.aborted || atMost === 0) continue;
    const deliveries = await options.queue.claimable(options.pool, atMost, stopped);
    for (const delivery of deliveries) begin(delivery, parts);
    // Twice what the queue had work for: a burst finds keys in hand within a few rounds, and idle workers hold one.
    wanted = Math.max(1, deliveries.length * 2);
  }
}

function begin(delivery: Delivery, parts: Parts): void {
  if (parts.stopped.aborted) return void delivery.giveBack(0);
  const { of } = delivery.entry.state;
  const held = parts.roster.add(of.job, of.task);
  parts.slots.take();
  void serve(delivery, parts.keys.take(), held, parts);
}

/** The life of one slot's task, from its delivery to the answer of its final write. Never rejects. */
async function serve(delivery: Delivery, key: HeldKey, held: HeldTask, parts: Parts): Promise<void> {
  try {
    const claim = await claimTask(delivery, held, parts);
    if (claim === undefined) key.release({ outcome: 'unused' });
    else await runClaimed(claim, held, key, parts);
  } catch (err) {
    const { logger } = parts.options;
    logger.error({ err, job: held.job, task: held.task }, 'A slot failed; the controller takes its task back');
  } finally {
    parts.roster.remove(held);
    parts.slots.release(held.unsettled);
  }
}

async function runClaimed(claim: Claim, held: HeldTask, key: HeldKey, parts: Parts): Promise<void> {
  const { clock } = parts.options;
  const startedAt = clock.monotonic();
  parts.journal.started(claim);
  const ending = await runAttempt(claim, held, key, parts);
  const durationMs = Math.round(elapsed(startedAt, clock.monotonic()));
  const reported = ending.end === 'recalled' ? undefined : await report(claim, ending, parts);
  parts.journal.finished(claim, ending, reported, durationMs);
}

function healthOf(slots: Slots, stopped: AbortSignal): { live: boolean; reason: string } {
  if (slots.tooManyLeaked) {
    return { live: false, reason: `${slots.leaked} of ${slots.total} slots are held by calls that ignore their abort` };
  }
  return { live: true, reason: stopped.aborted ? 'draining' : 'working' };
}
