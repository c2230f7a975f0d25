// Shares two threads among requests. A request that takes long may keep one of them; the other serves the rest.

import { CheckThread, type Outcome, type TimeLimit } from './checkThread.ts';
import { FairQueue, type Turn } from '../../async/fairQueue.ts';
import type { Request } from './messages.ts';

/** Processor time, ms, after which a request counts as long. Most take less than 10 ms. */
const shortMs = 100;

/** Owners of long requests that are remembered. */
const mostSlow = 1_000;

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
  readonly #queue = new FairQueue<Waiting>();
  /** Owners whose last request was long. Their next one waits for the turn of long requests. */
  readonly #slow = new Set<string>();
  /** The item that may take long, or does. */
  #long: Waiting | undefined;
  #isClosed = false;

  /** `limitMs`: processor time. Owners take turns. Rejects if the thread fails, or when the threads are closed. */
  run(owner: string, request: Request, limitMs: number): Promise<Outcome> {
    if (this.#isClosed) return Promise.reject(closed());
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
    this.#queue.add(owner, { owner, request, limitMs, resolve, reject });
    this.#startNext();
    return promise;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { reject } of this.#queue.drain()) reject(closed());
    await Promise.all(this.#all.map((thread) => thread.close()));
  }

  #startNext(): void {
    for (let thread = this.#idle.at(-1); thread !== undefined; thread = this.#idle.at(-1)) {
      const long = this.#long === undefined ? this.#queue.take((owner) => this.#slow.has(owner)) : undefined;
      const next = long ?? this.#queue.take((owner) => !this.#slow.has(owner));
      if (next === undefined) return;
      this.#idle.pop();
      this.#long ??= long?.item;
      void this.#runOn(thread, next);
    }
  }

  /** Never rejects. */
  async #runOn(thread: CheckThread, { item, done }: Turn<Waiting>): Promise<void> {
    const limit = { fullMs: item.limitMs, shortMs, isShort: true, extend: (one: TimeLimit) => this.#extend(one, item) };
    const result = await thread
      .run(item.request, limit)
      .catch((error: unknown) => ({ outcome: 'failed', error }) as const);
    this.#idle.push(thread);
    done();
    if (this.#long === item) this.#long = undefined;
    if (limit.isShort && result.outcome !== 'interrupted') this.#slow.delete(item.owner);
    if (result.outcome === 'failed') item.reject(result.error);
    else if (result.outcome !== 'interrupted') item.resolve(result);
    else if (this.#isClosed) item.reject(closed());
    else this.#queue.add(item.owner, item, () => true);
    this.#startNext();
  }

  /** The first long request keeps its thread; the next ones are interrupted. */
  #extend(limit: TimeLimit, item: Waiting): void {
    this.#slow.add(item.owner);
    if (this.#slow.size > mostSlow) this.#slow.delete(this.#slow.keys().next().value!);
    this.#long ??= item;
    if (this.#long === item) limit.isShort = false;
  }
}

const closed = (): Error => new Error('The schema checker is closed');
