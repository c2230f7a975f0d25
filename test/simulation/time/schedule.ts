// Virtual time: a heap of future events. Between two of them all code that waits only for the event loop runs to its end,
// in the order of Node.js, which is always the same.

export interface Planned {
  readonly at: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/** The real one, taken before anything is replaced. */
const nextTurn = globalThis.setImmediate;
/** Turns of the event loop requested together: promises settle between any two, and the loop costs less. */
const batch = 64;

export class Schedule {
  /** ms since the simulation began. */
  now = 0;
  #order = 0;
  #eventCount = 0;
  readonly #heap: Planned[] = [];

  /** How many events have run so far. */
  get eventCount(): number {
    return this.#eventCount;
  }

  at(moment: number, run: () => void): Planned {
    const planned = { at: Math.max(moment, this.now), order: (this.#order += 1), run };
    this.#heap.push(planned);
    this.#rise(this.#heap.length - 1);
    return planned;
  }

  after(ms: number, run: () => void): Planned {
    return this.at(this.now + ms, run);
  }

  cancel(planned: Planned): void {
    // It stays in the heap until its time: most timers are short.
    Object.assign(planned, { run: undefined });
  }

  /** Lets time pass until then, or until `stop` returns true; rejects with the error of an event that throws. */
  run(until: number, stop: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let over = false;
    const end = (settle: () => void): void => {
      over = true;
      settle();
    };
    const turn = (): void => {
      if (over) return;
      try {
        if (stop() || !this.#next(until)) end(resolve);
      } catch (error) {
        end(() => reject(error));
      }
    };
    const turns = (): void => {
      if (over) return;
      for (let count = 0; count < batch; count += 1) nextTurn(turn);
      nextTurn(turns);
    };
    turns();
    return promise;
  }

  /** Runs the next event; false if no event is due by then. */
  #next(until: number): boolean {
    while (this.#heap.length > 0 && this.#heap[0]!.run === undefined) this.#pop();
    const next = this.#heap[0];
    if (next === undefined || next.at > until) {
      this.now = Math.max(this.now, until);
      return false;
    }
    this.#pop();
    this.now = next.at;
    this.#eventCount += 1;
    const { run } = next;
    next.run = undefined;
    run!();
    return true;
  }

  #pop(): void {
    const last = this.#heap.pop()!;
    if (this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink();
  }

  #rise(from: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(this.#heap[at]!, this.#heap[parent]!)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(): void {
    for (let at = 0; ;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < this.#heap.length && isBefore(this.#heap[child]!, this.#heap[least]!)) least = child;
      }
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #swap(one: number, other: number): void {
    [this.#heap[one], this.#heap[other]] = [this.#heap[other]!, this.#heap[one]!];
  }
}

const isBefore = (one: Planned, other: Planned): boolean =>
  one.at === other.at ? one.order < other.order : one.at < other.at;
