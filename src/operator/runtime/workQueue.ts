// The work queue of a controller: a key waits at most once and is never processed twice at the same time. A key can be added
// with a delay; failed keys come back with exponential backoff.

import { backoffCeiling, type Backoff } from '../../job/backoff.ts';

export interface WorkQueueEvents {
  /** A key was added that was not already waiting. */
  readonly added: () => void;
  /** The number of keys that are ready. */
  readonly depth: (keys: number) => void;
  /** A key was taken `waitedMs` after it became ready. */
  readonly taken: (waitedMs: number) => void;
  readonly retried: () => void;
}

const backoff: Backoff = { first: 5, cap: 60_000 };
/** Node's timers overflow at 2³¹ ms. */
const maxTimerMs = 3_600_000;

export class WorkQueue {
  readonly #timer: Timer;
  readonly #events: WorkQueueEvents;
  /** Since when each ready key has been waiting, oldest first. */
  readonly #ready = new Map<string, number>();
  /** When each delayed key becomes ready. */
  readonly #delayed = new Map<string, number>();
  /** Keys being processed, and whether they were added again in the meantime. */
  readonly #taken = new Map<string, { again: boolean }>();
  readonly #failures = new Map<string, number>();
  readonly #waiters: ((key: string | undefined) => void)[] = [];
  #alarm: { readonly at: number; readonly cancel: () => void } | undefined;
  #closed = false;

  constructor(timer: Timer, events: WorkQueueEvents) {
    this.#timer = timer;
    this.#events = events;
  }

  /** Adds a key immediately, or `afterMs` from now. The earliest of several times wins. */
  add(key: string, afterMs = 0): void {
    if (this.#closed) return;
    if (afterMs > 0) return this.#addDelayed(key, this.#timer.now() + afterMs);
    this.#delayed.delete(key);
    const taken = this.#taken.get(key);
    if (taken !== undefined) {
      if (!taken.again) this.#events.added();
      taken.again = true;
    } else this.#makeReady(key);
  }

  /** Adds a failed key after a backoff: 5 ms, doubling up to a minute. */
  retry(key: string): void {
    const failures = this.failures(key) + 1;
    this.#failures.set(key, failures);
    this.#events.retried();
    this.add(key, backoffCeiling(failures, backoff));
  }

  /** Resets the failure count of a key. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** Consecutive failures. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** The next key, which no other caller gets until it is `done`. Undefined once the queue is closed. */
  take(): Promise<string | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    const next = this.#ready.keys().next();
    if (next.done === true) return new Promise((resolve) => this.#waiters.push(resolve));
    return Promise.resolve(this.#takeReady(next.value));
  }

  done(key: string): void {
    const again = this.#taken.get(key)?.again === true;
    this.#taken.delete(key);
    if (again && !this.#closed) this.#makeReady(key, false);
  }

  /** Drops all keys; `take` returns undefined from now on. */
  close(): void {
    this.#closed = true;
    this.#alarm?.cancel();
    this.#ready.clear();
    this.#delayed.clear();
    this.#events.depth(0);
    for (const waiter of this.#waiters.splice(0)) waiter(undefined);
  }

  #makeReady(key: string, isNew = true): void {
    if (this.#ready.has(key)) return;
    this.#ready.set(key, this.#timer.now());
    if (isNew) this.#events.added();
    this.#events.depth(this.#ready.size);
    this.#waiters.shift()?.(this.#takeReady(key));
  }

  #takeReady(key: string): string {
    const since = this.#ready.get(key)!;
    this.#ready.delete(key);
    this.#taken.set(key, { again: false });
    this.#events.depth(this.#ready.size);
    this.#events.taken(this.#timer.now() - since);
    return key;
  }

  #addDelayed(key: string, at: number): void {
    if (this.#ready.has(key) || this.#taken.get(key)?.again === true) return;
    if ((this.#delayed.get(key) ?? Infinity) <= at) return;
    this.#delayed.set(key, at);
    this.#wakeBy(at);
  }

  #wakeBy(at: number): void {
    if (this.#alarm !== undefined && this.#alarm.at <= at) return;
    this.#alarm?.cancel();
    const wait = Math.min(maxTimerMs, Math.max(0, at - this.#timer.now()));
    this.#alarm = { at, cancel: this.#timer.after(wait, () => this.#wake()) };
  }

  #wake(): void {
    this.#alarm = undefined;
    const now = this.#timer.now();
    let next = Infinity;
    for (const [key, at] of this.#delayed)
      if (at <= now) this.add(key);
      else next = Math.min(next, at);
    if (next < Infinity) this.#wakeBy(next);
  }
}

/** Time for the queue; tests pass their own. */
export interface Timer {
  /** Monotonic, ms. */
  now(): number;
  /** Calls once after `ms`. The returned function cancels the call. */
  after(ms: number, call: () => void): () => void;
}

export const systemTimer: Timer = {
  now: () => performance.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};
