// The work queue of a controller: a key waits at most once and is never processed twice at the same time. A key can be added
// with a delay; failed keys come back with exponential backoff.

export interface WorkQueueEvents {
  /** A key was added that did not wait already. */
  readonly added: () => void;
  /** How many wait to be taken now. */
  readonly depth: (keys: number) => void;
  /** A key that was added `waitedMs` ago is taken. */
  readonly taken: (waitedMs: number) => void;
  readonly retried: () => void;
}

/** The first wait after a failure, and the longest, ms. */
const backoff = { first: 5, most: 60_000 };
/** Timers of Node end at 2³¹ ms. */
const maxTimerMs = 3_600_000;

export class WorkQueue {
  readonly #timer: Timer;
  readonly #events: WorkQueueEvents;
  /** Since when each waits to be taken, in order. */
  readonly #ready = new Map<string, number>();
  /** When each is to be made ready. */
  readonly #delayed = new Map<string, number>();
  /** Taken, and whether it was added again meanwhile. */
  readonly #taken = new Map<string, { again: boolean }>();
  readonly #failures = new Map<string, number>();
  readonly #waiters: ((key: string | undefined) => void)[] = [];
  #alarm: { readonly at: number; readonly cancel: () => void } | undefined;
  #closed = false;

  constructor(timer: Timer, events: WorkQueueEvents) {
    this.#timer = timer;
    this.#events = events;
  }

  /** To be taken at once, or `afterMs` from now; of several times the earliest counts. */
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

  /** To be taken again after a failure: 5 ms later, then doubling up to a minute. */
  retry(key: string): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.#events.retried();
    this.add(key, Math.min(backoff.most, backoff.first * 2 ** Math.min(failures, 30)));
  }

  /** Its failures do not count any more. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** Failures in a row. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** The next key, which is the waiter's until it is `done`; undefined once the queue is closed. */
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

  /** Nothing is taken any more. */
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

export interface Timer {
  /** Monotonic, ms. */
  now(): number;
  /** Calls once after so many ms; returns the way to prevent it. */
  after(ms: number, call: () => void): () => void;
}

export const systemTimer: Timer = {
  now: () => performance.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};
