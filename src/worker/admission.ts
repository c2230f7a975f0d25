// Admits tasks before they are claimed. The worker fetches only as many tasks as its memory and its pool have room for. For each
// one it takes memory, then reserves a call. A task whose model admits no call returns to its place in the queue, so it never
// holds up other models.

import { sleep } from '../async/sleep.ts';
import type { Block } from '../job/block.ts';
import { targetOf } from '../job/target.ts';
import type { Queued } from '../job/task.ts';
import type { CallRequest, HeldKey } from '../ports/keyRing.ts';
import type { Release } from '../async/weightedSemaphore.ts';
import type { Delivery } from '../ports/taskQueue.ts';
import type { HeldTask } from './heldTasks.ts';
import type { MemoryGate } from './memoryGate.ts';
import type { WorkerOptions } from './options.ts';
import { Parking } from './parking.ts';

/** Without a list of models, only what holds for all of them counts. */
const anyModel = [''];

/** ms; a block that ends sooner is a rate limit's, and may end before there is memory. */
const shortBlock = 5_000;

export type AdmissionOptions = Pick<WorkerOptions, 'keys' | 'pool' | 'models' | 'clock' | 'random'> & {
  readonly memory: MemoryGate;
  /** Ends all waits. */
  readonly signal: AbortSignal;
  readonly onError: (error: unknown) => void;
};

/** What a task needs for its claim. */
export interface Admitted {
  readonly key: HeldKey;
  /** Gives the attempt's memory back. */
  readonly release: Release;
}

export class Admission {
  readonly #options: AdmissionOptions;
  readonly #parking = new Parking();
  /** Fetched tasks without a reservation yet: each will take some of the room. */
  #undecided = 0;
  #decided: () => void = () => undefined;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** Resolves with how many tasks to fetch, at least 1, or 0 once the signal has aborted. One caller at a time. */
  async room(): Promise<number> {
    const { memory, signal } = this.#options;
    while (!signal.aborted) {
      const places = Math.min(await memory.room(), await this.#untilRoom());
      const room = places - this.#undecided;
      if (room > 0 && !signal.aborted) return room;
      if (this.#undecided > 0) await this.#untilDecided();
    }
    return 0;
  }

  /** Undefined if the delivery was returned to the queue instead. Never rejects. */
  async admit(delivery: Delivery, held: Pick<HeldTask, 'phase'>): Promise<Admitted | undefined> {
    this.#undecided += 1;
    try {
      // Memory first: a reservation of a call expires.
      const release = this.#options.memory.takeNow(delivery) ?? (await this.#waitForMemory(delivery, held));
      if (release === undefined) return undefined;
      const key = await this.#reserve(delivery);
      if (key !== undefined) return { key, release };
      release();
      return undefined;
    } finally {
      this.#undecided -= 1;
      this.#decided();
    }
  }

  /** A worker stops fetching for a task that waits, so it does not wait while no call would be admitted anyway. */
  async #waitForMemory(delivery: Delivery, held: Pick<HeldTask, 'phase'>): Promise<Release | undefined> {
    const { keys, pool, memory, clock } = this.#options;
    const { model, tenant } = callOf(delivery.entry.state);
    const lasting = (): Block | undefined => {
      const block = keys.block(pool, model, tenant);
      const isShort = block?.until !== undefined && block.until !== null && block.until - clock.now() < shortBlock;
      return isShort ? undefined : block;
    };
    const block = lasting();
    if (block === undefined) return await memory.take(delivery, held, () => lasting() === undefined);
    this.#park(delivery, block);
    return undefined;
  }

  #park(delivery: Delivery, block: Block | undefined): void {
    const { clock, random = Math.random } = this.#options;
    delivery.nak(this.#parking.delay(block, clock.now(), clock.monotonic(), random()));
  }

  async #reserve(delivery: Delivery): Promise<HeldKey | undefined> {
    const { keys, pool, onError } = this.#options;
    try {
      const answer = await keys.reserve(pool, callOf(delivery.entry.state));
      if ('secret' in answer) return answer;
      this.#park(delivery, answer);
    } catch (error) {
      onError(error);
      this.#park(delivery, undefined);
    }
    return undefined;
  }

  async #untilRoom(): Promise<number> {
    const { keys, pool, models = [], signal, onError } = this.#options;
    try {
      return await keys.untilRoom(pool, models.length === 0 ? anyModel : models, signal);
    } catch (error) {
      if (!signal.aborted) onError(error);
      await sleep(1_000, signal);
      return 0;
    }
  }

  async #untilDecided(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#decided = resolve;
    await promise;
  }
}

export function callOf(task: Pick<Queued, 'of' | 'target'>): CallRequest {
  const { tenant, job, task: index } = task.of;
  return { model: targetOf(task).model, tenant, task: `${job}/${index}` };
}
