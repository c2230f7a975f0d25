// Shares two threads among requests. A request that takes long may keep one of them; the other serves the rest.

import { CheckThread, type Outcome, type TimeLimit } from './checkThread.ts';
import { FairQueue, type Turn } from './fairQueue.ts';
import type { Request } from './messages.ts';

/** Processor time, ms, after which a request counts as long. Most take less than 10 ms. */
const shortMs = 250;

interface Waiting {
  readonly owner: string;
  readonly request: Request;
  readonly limitMs: number;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

export class Threads {
  readonly #all = [new CheckThread(), new CheckThread()];
  /** The one that has been used last comes last, and is used next: one suffices when little is to do. */
  readonly #idle = [...this.#all];
  readonly #waiting = new FairQueue<Waiting>();
  /** Requests that were interrupted because another long one was running. */
  readonly #long = new FairQueue<Waiting>();
  #isLongRunning = false;
  #isClosed = false;

  /** `limitMs`: processor time. Owners take turns. Rejects if the thread fails, or when the threads are closed. */
  run(owner: string, request: Request, limitMs: number): Promise<Outcome> {
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
    this.#add(this.#waiting, { owner, request, limitMs, resolve, reject });
    return promise;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { reject } of [...this.#waiting.drain(), ...this.#long.drain()]) reject(closed());
    await Promise.all(this.#all.map((thread) => thread.close()));
  }

  #add(queue: FairQueue<Waiting>, waiting: Waiting): void {
    if (this.#isClosed) return waiting.reject(closed());
    queue.add(waiting.owner, waiting);
    this.#startNext();
  }

  #startNext(): void {
    for (let thread = this.#idle.at(-1); thread !== undefined; thread = this.#idle.at(-1)) {
      const long = this.#isLongRunning ? undefined : this.#long.take();
      const next = long ?? this.#waiting.take();
      if (next === undefined) return;
      this.#idle.pop();
      if (long !== undefined) this.#isLongRunning = true;
      void this.#runOn(thread, next, long !== undefined);
    }
  }

  /** Never rejects. */
  async #runOn(thread: CheckThread, { item, done }: Turn<Waiting>, isLong: boolean): Promise<void> {
    const limit = { fullMs: item.limitMs, shortMs, isShort: !isLong, extend: (one: TimeLimit) => this.#extend(one) };
    const end = (): void => {
      if (!limit.isShort) this.#isLongRunning = false;
      done();
      this.#idle.push(thread);
    };
    try {
      const outcome = await thread.run(item.request, limit);
      end();
      if (outcome.outcome === 'interrupted') this.#add(this.#long, item);
      else item.resolve(outcome);
    } catch (error) {
      end();
      item.reject(error);
    }
    this.#startNext();
  }

  /** The first long request keeps its thread. */
  #extend(limit: TimeLimit): void {
    if (this.#isLongRunning) return;
    this.#isLongRunning = true;
    limit.isShort = false;
  }
}

const closed = (): Error => new Error('The schema checker is closed');
