// Admits tasks before they are claimed. The worker fetches only as many tasks as its memory and its pool have room for. For each
// one it takes memory and a place under the limits of its tenant, then reserves a call. A task whose model admits no call returns to its place in the queue, so it never
// holds up other models.

import { sleep } from '../async/sleep.ts';
import type { Block } from '../job/block.ts';
import { placeOf } from '../job/parts.ts';
import { targetOf } from '../job/target.ts';
import type { Queued } from '../job/task.ts';
import type { CallRequest, HeldKey, Place } from '../ports/keyRing.ts';
import type { Release } from '../async/weightedSemaphore.ts';
import type { Delivery } from '../ports/taskQueue.ts';
import type { HeldTask } from './heldTasks.ts';
import type { MemoryGate } from './memoryGate.ts';
import type { WorkerOptions } from './options.ts';
import { Parking } from './parking.ts';
import type { TenantPlaces } from './tenantPlaces.ts';

/** Without a list of models, only what holds for all of them counts. */
const anyModel = [''];

/** ms; a block that ends sooner is a rate limit's, and may end before there is memory. */
const shortBlock = 5_000;
/** As in the queue, ms: a task of a tenant part without room stays out of the way of those behind it. */
const withoutRoomFor = 200;

export type AdmissionOptions = Pick<WorkerOptions, 'keys' | 'pool' | 'models' | 'clock' | 'random'> & {
  readonly memory: MemoryGate;
  readonly places: TenantPlaces;
  /** Ends all waits. */
  readonly signal: AbortSignal;
  readonly onError: (error: unknown) => void;
};

/** What a task needs for its claim. */
export interface Admitted {
  readonly key: HeldKey;
  /** To be left when the task has ended. */
  readonly place: Place;
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
      const reserved = await this.#takePlaceAndKey(delivery);
      if (reserved !== undefined) return { ...reserved, release };
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
    const { model, tenant, group } = callOf(delivery.entry.state);
    const lasting = (): Block | undefined => {
      const block = keys.block(pool, model, tenant, group);
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
    // The queue leaves a tenant part alone while none of its tasks has room.
    if (block?.reason === 'TenantLimit' && placeOf(delivery.entry.state).part !== undefined)
      return delivery.nak(withoutRoomFor);
    delivery.nak(this.#parking.delay(block, clock.now(), clock.monotonic(), random()));
  }

  async #takePlaceAndKey(delivery: Delivery): Promise<Pick<Admitted, 'key' | 'place'> | undefined> {
    const { places } = this.#options;
    const { state } = delivery.entry;
    const place = await this.#answerTo(() => places.take(state));
    if (place === undefined || !('release' in place)) return this.#refuse(delivery, place);
    const key = await this.#answerTo(() => this.#options.keys.reserve(this.#options.pool, callOf(state)));
    if (key !== undefined && 'secret' in key) return { key, place };
    places.leave(place, state);
    return this.#refuse(delivery, key);
  }

  #refuse(delivery: Delivery, block: Block | undefined): undefined {
    this.#park(delivery, block);
  }

  /** Undefined if NATS did not answer. */
  async #answerTo<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (error) {
      this.#options.onError(error);
      return undefined;
    }
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

export function callOf(task: Pick<Queued, 'of' | 'target'>): CallRequest & { readonly group?: string } {
  const { tenant, group, job, task: index } = task.of;
  const call = { model: targetOf(task).model, tenant, task: `${job}/${index}` };
  return group === undefined ? call : { ...call, group };
}
