// A queue in which owners take turns, and each has one item under way at a time.

export interface Turn<T> {
  readonly item: T;
  /** To be called when the item has been processed. */
  readonly done: () => void;
}

export class FairQueue<T> {
  /** The owner whose turn is next comes first. */
  readonly #waiting = new Map<string, T[]>();
  readonly #busy = new Set<string>();

  /** After the owner's other items, or before the first one that it `overtakes`. */
  add(owner: string, item: T, overtakes: (other: T) => boolean = () => false): void {
    const items = this.#waiting.get(owner) ?? [];
    const at = items.findIndex(overtakes);
    items.splice(at < 0 ? items.length : at, 0, item);
    this.#waiting.set(owner, items);
  }

  /** The next item of an owner that has none under way and is among those asked for. */
  take(isAskedFor: (owner: string) => boolean = () => true): Turn<T> | undefined {
    const owner = this.#waiting.keys().find((one) => !this.#busy.has(one) && isAskedFor(one));
    if (owner === undefined) return undefined;
    const [item, ...rest] = this.#waiting.get(owner)!;
    this.#waiting.delete(owner);
    if (rest.length > 0) this.#waiting.set(owner, rest);
    this.#busy.add(owner);
    return { item: item!, done: () => void this.#busy.delete(owner) };
  }

  /** Removes and returns all that wait. */
  drain(): T[] {
    const all = [...this.#waiting.values()].flat();
    this.#waiting.clear();
    return all;
  }
}
