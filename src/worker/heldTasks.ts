// The tasks that this worker holds, from before their claim until their final write is answered. Heartbeats list them, and
// cancellations stop them.

import { whenAborted } from '../async/abort.ts';
import type { AttemptPhase } from '../job/attemptPhase.ts';
import type { JobId, TaskIndex } from '../job/ids.ts';
import { addSpent, nothingSpent } from '../job/spent.ts';
import type { Sequence, Spent } from '../job/task.ts';
import type { Monotonic } from '../job/time.ts';
import type { CallTiming } from './callDurations.ts';
import type { BeatTask, Cancellation } from '../ports/heartbeats.ts';
import type { PartialTextSender } from './partialText.ts';

/** Why an attempt's signal aborted. */
export class AttemptAborted extends Error {
  override readonly name = 'AttemptAborted';
  readonly why: 'due' | 'cancelled' | 'drained';

  constructor(why: AttemptAborted['why'], message: string) {
    super(message);
    this.why = why;
  }
}

export class HeldTask {
  readonly job: JobId;
  readonly task: TaskIndex;
  readonly abort = new AbortController();
  /** Stops the check of the result, and nothing else. */
  readonly check = new AbortController();
  /** 0 while the claim is in flight. */
  claim: Sequence = 0;
  /** 0 to 1, as reported by the provider. */
  progress = 0;
  /** Undefined before the attempt has started. */
  phase: AttemptPhase | undefined;
  /** When the call that is in flight was sent. */
  sentAt: Monotonic | undefined;
  /** When the attempt's first call was sent. */
  firstSentAt: Monotonic | undefined;
  /** What is known about the duration of a call that was sent at a given moment. */
  timing: ((sentAt: Monotonic) => CallTiming) | undefined;
  /** Sends the text of the running attempt to watchers. */
  text: PartialTextSender | undefined;
  /** What the attempt's calls have used so far, by model. */
  readonly paidBy = new Map<string, Spent>();
  /** The provider has answered: cancellations and drains only stop the check of the result, which is always reported. */
  answered = false;
  /** Resolves when an aborted call settles; undefined unless it was still running at the end of the attempt. */
  unsettled: Promise<void> | undefined;
  #earlyCancellation: Cancellation | undefined;

  constructor(job: JobId, task: TaskIndex) {
    this.job = job;
    this.task = task;
  }

  /** What is known about the call that is in flight. */
  call(): CallTiming | undefined {
    return this.answered || this.sentAt === undefined ? undefined : this.timing?.(this.sentAt);
  }

  /** 0 to 1: what the provider reported, or an estimate. */
  fraction(known: CallTiming | undefined = this.call()): number {
    return Math.round(Math.max(this.progress, known?.estimate ?? 0) * 1_000) / 1_000;
  }

  /** What the attempt's calls have used so far. */
  get paid(): Spent {
    return [...this.paidBy.values()].reduce(addSpent, nothingSpent);
  }

  pay(model: string, spent: Spent): void {
    this.paidBy.set(model, addSpent(this.paidBy.get(model) ?? nothingSpent, spent));
  }

  /** Stops what can be stopped: once the provider has answered, only the check of the result. */
  stop(reason: AttemptAborted): void {
    (this.answered ? this.check : this.abort).abort(reason);
  }

  /** Applies a cancellation of exactly this claim. One that arrives before the claim's answer is kept until then. */
  cancel(cancellation: Cancellation): void {
    if (this.claim === 0) this.#earlyCancellation = cancellation;
    else if (cancellation.claim === this.claim) this.stop(new AttemptAborted('cancelled', cancellation.reason));
  }

  claimedAs(claim: Sequence): void {
    this.claim = claim;
    if (this.#earlyCancellation !== undefined) this.cancel(this.#earlyCancellation);
  }
}

export class HeldTasks {
  readonly #held = new Set<HeldTask>();
  #whenEmpty: (() => void) | undefined;

  get size(): number {
    return this.#held.size;
  }

  add(job: JobId, task: TaskIndex): HeldTask {
    const held = new HeldTask(job, task);
    this.#held.add(held);
    return held;
  }

  remove(held: HeldTask): void {
    this.#held.delete(held);
    if (this.#held.size === 0) this.#whenEmpty?.();
  }

  /** Whether the same task is held twice, because it was redelivered while its first delivery is still being processed. */
  holdsAnotherOf(held: HeldTask): boolean {
    for (const other of this.#held)
      if (other !== held && other.job === held.job && other.task === held.task) return true;
    return false;
  }

  cancel(cancellation: Cancellation): void {
    for (const held of this.#held)
      if (held.job === cancellation.job && held.task === cancellation.task) held.cancel(cancellation);
  }

  /** Stops every attempt without an answer from its provider, and every check. */
  abortAll(reason: AttemptAborted): void {
    for (const held of this.#held) held.stop(reason);
  }

  /** Resolves when no task is held or the signal aborts. One caller at a time. */
  async empty(signal: AbortSignal): Promise<void> {
    if (this.#held.size === 0 || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenEmpty = resolve;
    await Promise.race([promise, whenAborted(signal)]);
  }

  beatTasks(): BeatTask[] {
    return Array.from(this.#held, (held) => {
      const { job, task, claim, phase } = held;
      const known = held.call();
      return {
        job,
        task,
        claim,
        progress: held.fraction(known),
        ...(phase === undefined ? {} : { phase }),
        ...(known === undefined ? {} : { waited: Math.round(known.waited) }),
        ...(known?.usual === undefined ? {} : { usual: known.usual }),
      };
    });
  }
}
