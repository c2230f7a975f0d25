// Virtual time: a heap of things to happen. Between two of them everything that waits for nothing but the event loop runs
// to its end, in the order in which Node runs it, which is always the same.

export interface Planned {
  readonly at: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/** The real one, taken before anything is replaced. */
const nextTurn = globalThis.setImmediate;
/** Turns asked for at once: the promises settle between any two, and the loop's own work costs less. */
const batch = 64;

export class Schedule {
  /** ms since the simulation began. */
  now = 0;
  #order = 0;
  #happened = 0;
  readonly #heap: Planned[] = [];

  /** How much has happened so far. */
  get happened(): number {
    return this.#happened;
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

  /** Lets time pass until then, or until `stop` says so; rejects with what a thing that happens throws. */
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

  /** The next thing happens; false when there is none until then. */
  #next(until: number): boolean {
    while (this.#heap.length > 0 && this.#heap[0]!.run === undefined) this.#pop();
    const next = this.#heap[0];
    if (next === undefined || next.at > until) {
      this.now = Math.max(this.now, until);
      return false;
    }
    this.#pop();
    this.now = next.at;
    this.#happened += 1;
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
