// The notes about recent messages, by sequence. Every controller keeps them, so that one that takes over can count what happened
// before its term as the previous leader would have.

import type { Sequence } from '../../job/time.ts';
import type { Note } from './counts.ts';

/** The oldest are dropped beyond this number. */
const most = 20_000;

export class Notes {
  readonly #notes = new Map<Sequence, Note>();

  set(sequence: Sequence, note: Note): void {
    this.#notes.set(sequence, note);
    if (this.#notes.size <= most) return;
    const [oldest] = this.#notes.keys();
    this.#notes.delete(oldest!);
  }

  get(sequence: Sequence): Note | undefined {
    return this.#notes.get(sequence);
  }

  clear(): void {
    this.#notes.clear();
  }
}
