// Keeps jobs in list order: by submit time, then by ID. The order is the same in every process that follows the stream.

import type { JobId } from '../job/ids.ts';
import { lowerBound } from '../job/lowerBound.ts';
import type { Instant } from '../job/task.ts';

/** A position between two jobs of a list. */
export interface ListPosition {
  readonly submittedAt: Instant;
  readonly job: JobId;
}

/** A sorted array: nearly all inserts are at the end, where they are cheap. */
export class JobOrder<Entry extends ListPosition> {
  readonly #ascending: Entry[] = [];

  insert(entry: Entry): void {
    this.#ascending.splice(this.#firstNotBelow(entry), 0, entry);
  }

  remove(entry: Entry): void {
    const at = this.#firstNotBelow(entry);
    if (this.#ascending[at] === entry) this.#ascending.splice(at, 1);
  }

  /** Newest first, strictly older than `before`. */
  *descending(before?: ListPosition): Generator<Entry> {
    let at = before === undefined ? this.#ascending.length : this.#firstNotBelow(before);
    while (at > 0) {
      at -= 1;
      yield this.#ascending[at]!;
    }
  }

  /** Oldest first. */
  *ascending(): Generator<Entry> {
    yield* this.#ascending;
  }

  clear(): void {
    this.#ascending.length = 0;
  }

  #firstNotBelow(position: ListPosition): number {
    return lowerBound(this.#ascending.length, (at) => isBelow(this.#ascending[at]!, position));
  }
}

function isBelow(a: ListPosition, b: ListPosition): boolean {
  return a.submittedAt === b.submittedAt ? a.job < b.job : a.submittedAt < b.submittedAt;
}
