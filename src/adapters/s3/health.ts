// What this process knows about the store from the outcome of every request.

import type { StoragePlace } from '../../job/storage.ts';

export interface StorageMarks {
  refused(place: StoragePlace, refuses: 'artifacts', words: string): void;
  hasRoom(place: StoragePlace, refuses: 'artifacts'): void;
}

export class Health {
  readonly #marks: StorageMarks;
  readonly #problems = new Set<StoragePlace>();
  #answeredAt = -Infinity;
  #recoveredAt = -Infinity;

  constructor(marks: StorageMarks) {
    this.#marks = marks;
  }

  /** Whether a write failed and none has been stored since. */
  get troubled(): boolean {
    return this.#problems.size > 0;
  }

  get full(): boolean {
    return this.#problems.has('s3-full');
  }

  /** ms since the store last did what it was asked to. */
  get quietFor(): number {
    return performance.now() - this.#answeredAt;
  }

  /** ms since the store recovered. */
  get wellFor(): number {
    return performance.now() - this.#recoveredAt;
  }

  /** `stored`: the request wrote bytes. A read tells nothing about room. */
  answered(stored: boolean): void {
    this.#answeredAt = performance.now();
    const before = this.#problems.size;
    for (const place of this.#problems) {
      if (place === 's3-full' && !stored) continue;
      this.#problems.delete(place);
      this.#marks.hasRoom(place, 'artifacts');
    }
    if (before > 0 && !this.troubled) this.#recoveredAt = performance.now();
  }

  failed(place: StoragePlace, words: string): void {
    this.#answeredAt = -Infinity;
    this.#problems.add(place);
    this.#marks.refused(place, 'artifacts', words);
  }
}
