// A priority queue of keys by due time: a binary heap that tracks the position of each key, so that a key can be rescheduled in
// place.

import type { Instant, Monotonic } from './time.ts';

interface Entry<Moment> {
  readonly key: string;
  at: Moment;
  place: number;
}

export class Schedule<Moment extends Instant | Monotonic> {
  readonly #heap: Entry<Moment>[] = [];
  readonly #entries = new Map<string, Entry<Moment>>();

  get size(): number {
    return this.#heap.length;
  }

  /** The earliest due time. */
  next(): Moment | undefined {
    return this.#heap[0]?.at;
  }

  moment(key: string): Moment | undefined {
    return this.#entries.get(key)?.at;
  }

  /** Schedules the key, or reschedules it. */
  set(key: string, at: Moment): void {
    const known = this.#entries.get(key);
    if (known?.at === at) return;
    const entry = known ?? { key, at, place: this.#heap.length };
    entry.at = at;
    if (known === undefined) {
      this.#entries.set(key, entry);
      this.#heap.push(entry);
    }
    this.#sink(this.#rise(entry));
  }

  /** Schedules the key for `at`, unless it is due earlier. */
  noLaterThan(key: string, at: Moment): void {
    const known = this.moment(key);
    if (known === undefined || at < known) this.set(key, at);
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    const last = this.#heap.pop()!;
    if (last === entry) return;
    this.#put(last, entry.place);
    this.#sink(this.#rise(last));
  }

  /** Removes and returns the earliest key if it is due. */
  takeDue(now: Moment): string | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.at > now) return undefined;
    this.delete(first.key);
    return first.key;
  }

  keys(): IterableIterator<string> {
    return this.#entries.keys();
  }

  clear(): void {
    this.#heap.length = 0;
    this.#entries.clear();
  }

  #put(entry: Entry<Moment>, place: number): void {
    this.#heap[place] = entry;
    entry.place = place;
  }

  #rise(entry: Entry<Moment>): Entry<Moment> {
    while (entry.place > 0) {
      const parent = this.#heap[(entry.place - 1) >> 1]!;
      if (parent.at <= entry.at) break;
      this.#swap(parent, entry);
    }
    return entry;
  }

  #sink(entry: Entry<Moment>): void {
    for (;;) {
      const left = this.#heap[2 * entry.place + 1];
      const right = this.#heap[2 * entry.place + 2];
      const child = right !== undefined && right.at < left!.at ? right : left;
      if (child === undefined || child.at >= entry.at) return;
      this.#swap(entry, child);
    }
  }

  #swap(upper: Entry<Moment>, lower: Entry<Moment>): void {
    const place = upper.place;
    this.#put(upper, lower.place);
    this.#put(lower, place);
  }
}
