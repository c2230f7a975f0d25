// The places of this worker's tasks under the limits of their tenants and groups, and how many more tasks of a flow its queue should
// deliver. A place that another worker left is offered to this one a moment later: all idle workers hear of it at once, and only
// one can have it.

import { sleep } from '../async/sleep.ts';
import type { Block } from '../job/block.ts';
import { flowKey, flowOf, type Flow } from '../job/parts.ts';
import type { Queued } from '../job/task.ts';
import type { KeyRing, Place } from '../ports/keyRing.ts';
import type { TaskQueue } from '../ports/taskQueue.ts';

export interface TenantPlacesOptions {
  readonly pool: string;
  readonly keys: Pick<KeyRing, 'takePlace' | 'room' | 'onChange'>;
  readonly queue: Pick<TaskQueue, 'roomChanged'>;
  /** In [0, 1). */
  readonly random?: (() => number) | undefined;
  /** Ends the watch of places. */
  readonly signal: AbortSignal;
}

/** ms; idle workers spread over this time. The worker that left the place does not wait. */
const spreadOver = 100;

export class TenantPlaces {
  readonly #options: TenantPlacesOptions;
  /** Flows without room, and the timer of one that has room again. */
  readonly #full = new Map<string, NodeJS.Timeout | undefined>();
  readonly #leaving = new Set<Promise<void>>();

  constructor(options: TenantPlacesOptions) {
    this.#options = options;
    const { keys, pool, queue, signal } = options;
    keys.onChange((changed) => changed === pool && this.#full.size > 0 && queue.roomChanged(pool), signal);
    signal.addEventListener('abort', () => this.#full.forEach((timer) => clearTimeout(timer)), { once: true });
  }

  /** For `claimable`. */
  readonly room = (flow: Flow): number => {
    const { keys, pool } = this.#options;
    const room = keys.room(pool, flow);
    const key = flowKey(flow);
    if (room <= 0 && !this.#full.has(key)) this.#full.set(key, undefined);
    if (!this.#full.has(key)) return room;
    if (room > 0 && this.#full.get(key) === undefined) this.#full.set(key, this.#offerLater(flow));
    return 0;
  };

  /** Rejects if NATS does not answer for some seconds. */
  take(task: Queued): Promise<Place | Block> {
    const { keys, pool } = this.#options;
    return keys.takePlace(pool, { task: `${task.of.job}/${task.of.task}`, flow: flowOf(task) });
  }

  /** Gives a place up. This worker may have it again at once. */
  leave(place: Place, task: Queued): void {
    const leaving = place.release().then(() => this.#offer(flowOf(task)));
    this.#leaving.add(leaving);
    void leaving.finally(() => this.#leaving.delete(leaving));
  }

  /** Resolves once the places that were given up are free for others, or after `ms`. */
  async settled(ms: number): Promise<void> {
    if (this.#leaving.size > 0) await Promise.race([Promise.all(this.#leaving), sleep(ms)]);
  }

  #offerLater(flow: Flow): NodeJS.Timeout {
    const { random = Math.random } = this.#options;
    return setTimeout(() => this.#offer(flow), random() * spreadOver);
  }

  #offer(flow: Flow): void {
    const { pool, queue } = this.#options;
    const key = flowKey(flow);
    if (!this.#full.has(key)) return;
    clearTimeout(this.#full.get(key));
    this.#full.delete(key);
    queue.roomChanged(pool);
  }
}
