// Takes memory for a task before its claim. One task waits here for its memory, so that large tasks and those that must run alone
// get their turn; the worker fetches nothing meanwhile, and returns what it had fetched for other workers.

import { WeightedSemaphore, type Release } from '../async/weightedSemaphore.ts';
import type { Delivery } from '../ports/taskQueue.ts';
import { leastWeight, weightOf } from './attemptMemory.ts';
import type { HeldTask } from './heldTasks.ts';
import type { WorkerOptions } from './options.ts';

/** ms. The queue delivers a task again after 5 s unless the delivery is acknowledged or extended. */
const extendEvery = 1_500;
/** ms until a task is offered again that does not fit here. */
const returnedFor = 1_000;

export type MemoryGateOptions = Pick<WorkerOptions, 'memory' | 'log' | 'clock' | 'provider'> & {
  /** Ends all waits. */
  readonly signal: AbortSignal;
};

export class MemoryGate {
  readonly #options: MemoryGateOptions;
  readonly #memory: WeightedSemaphore;
  #isHolding = false;

  constructor(options: MemoryGateOptions) {
    this.#options = options;
    this.#memory = new WeightedSemaphore(options.memory ?? Number.MAX_SAFE_INTEGER);
  }

  get used(): number {
    return this.#memory.used;
  }

  get limit(): number {
    return this.#memory.capacity;
  }

  /** Resolves with how many small tasks would fit, at least 1, once nothing waits for memory. 0 after the signal's abort. */
  async room(): Promise<number> {
    try {
      await this.#memory.untilFree(leastWeight, this.#options.signal);
      return Math.max(1, Math.floor(this.#memory.free / leastWeight));
    } catch {
      return 0;
    }
  }

  /** The task's memory; undefined if it is not there now. */
  takeNow(delivery: Delivery): Release | undefined {
    return this.#memory.tryAcquire(this.#weightOf(delivery));
  }

  /**
   * Waits for the task's memory as long as `isWorthwhile`, which is asked now and then. Undefined if the delivery was returned to the
   * queue, or acknowledged as stale. Never rejects.
   */
  async take(
    delivery: Delivery,
    held: Pick<HeldTask, 'phase'>,
    isWorthwhile: () => boolean,
  ): Promise<Release | undefined> {
    if (this.#isHolding) return void delivery.nak(returnedFor);
    this.#isHolding = true;
    const weight = this.#weightOf(delivery);
    held.phase = { phase: 'memory', alone: weight === Infinity };
    try {
      return await this.#hold(delivery, weight, isWorthwhile);
    } finally {
      this.#isHolding = false;
      held.phase = undefined;
    }
  }

  #weightOf({ entry: { state, detail } }: Delivery): number {
    return weightOf(state, detail.request, this.#options.provider.name);
  }

  async #hold(delivery: Delivery, weight: number, isWorthwhile: () => boolean): Promise<Release | undefined> {
    const { signal } = this.#options;
    const ended = new AbortController();
    const timer = setInterval(() => void this.#extend(delivery, ended, isWorthwhile), extendEvery);
    try {
      delivery.working();
      return await this.#memory.acquire(weight, AbortSignal.any([signal, ended.signal]));
    } catch {
      // Stale deliveries were acknowledged, and a stopped worker's task should not wait.
      if (!ended.signal.aborted) delivery.nak(0);
      return undefined;
    } finally {
      clearInterval(timer);
      ended.abort();
    }
  }

  /** Keeps the delivery, unless the task was cancelled, has failed or is overdue, or its wait is in vain. */
  async #extend(delivery: Delivery, ended: AbortController, isWorthwhile: () => boolean): Promise<void> {
    delivery.working();
    const { clock, log } = this.#options;
    const { state, sequence } = delivery.entry;
    const last = await log.last(state.of).catch(() => undefined);
    if (ended.signal.aborted) return;
    if (last !== undefined && last.sequence > sequence) delivery.ack();
    else if (clock.now() >= state.dueAt || !isWorthwhile()) delivery.nak(returnedFor);
    else return;
    ended.abort();
  }
}
