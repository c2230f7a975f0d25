// Stream sequences in ascending order, each with a time, in chunks: an insert, a removal and a rank cost the same among a million
// as among ten thousand, but for one addition per thousand sequences.

import { lowerBound } from '../job/lowerBound.ts';
import type { Instant, Sequence } from '../job/time.ts';

/** A full chunk of this many is split; moving its half is cheaper than keeping a tree. */
const chunkSize = 1_024;

interface Chunk {
  readonly sequences: Sequence[];
  /** At the same places as the sequences. */
  readonly times: Instant[];
}

export class SortedSequences {
  readonly #chunks: Chunk[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The time of the least sequence. */
  get first(): Instant | undefined {
    return this.#chunks[0]?.times[0];
  }

  /** A sequence that is there already is not added again. */
  insert(sequence: Sequence, time: Instant): void {
    const at = this.#chunkOf(sequence);
    const chunk = this.#chunks[at];
    if (chunk === undefined) this.#chunks.push({ sequences: [], times: [] });
    const { sequences, times } = this.#chunks[at]!;
    const place = firstNotBelow(sequences, sequence);
    if (sequences[place] === sequence) return;
    sequences.splice(place, 0, sequence);
    times.splice(place, 0, time);
    this.#length += 1;
    if (sequences.length >= chunkSize) this.#split(at);
  }

  /** Does nothing if the sequence is not there. */
  remove(sequence: Sequence): void {
    const at = this.#chunkOf(sequence);
    const chunk = this.#chunks[at];
    if (chunk === undefined) return;
    const place = firstNotBelow(chunk.sequences, sequence);
    if (chunk.sequences[place] !== sequence) return;
    chunk.sequences.splice(place, 1);
    chunk.times.splice(place, 1);
    this.#length -= 1;
    if (chunk.sequences.length === 0) this.#chunks.splice(at, 1);
  }

  /** How many sequences are less than this one. */
  countBefore(sequence: Sequence): number {
    const at = this.#chunkOf(sequence);
    let count = 0;
    for (let before = 0; before < at; before += 1) count += this.#chunks[before]!.sequences.length;
    return count + firstNotBelow(this.#chunks[at]?.sequences ?? [], sequence);
  }

  /** The chunk to which the sequence belongs: the first one that ends at or after it, otherwise the last one. */
  #chunkOf(sequence: Sequence): number {
    const last = Math.max(0, this.#chunks.length - 1);
    return lowerBound(last, (at) => this.#chunks[at]!.sequences.at(-1)! < sequence);
  }

  #split(at: number): void {
    const { sequences, times } = this.#chunks[at]!;
    // Nearly all inserts are at the end, so the last chunk stays nearly full.
    const kept = at === this.#chunks.length - 1 ? chunkSize - 1 : chunkSize / 2;
    this.#chunks.splice(at + 1, 0, { sequences: sequences.splice(kept), times: times.splice(kept) });
  }
}

/** The place of the first sequence that is not less than this one. */
const firstNotBelow = (sequences: readonly Sequence[], sequence: Sequence): number =>
  lowerBound(sequences.length, (at) => sequences[at]! < sequence);
