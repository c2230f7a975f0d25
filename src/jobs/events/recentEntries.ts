// The last messages of the stream, in order and without gaps, from this process's follower. Every event feed reads them at
// its own pace. A slow client costs no memory: it falls out of the window.

import { lowerBound } from '../../job/lowerBound.ts';
import type { Sequence } from '../../job/task.ts';
import type { FollowEvent, LogEntry } from '../../ports/jobLog.ts';
import type { Follower } from '../../readmodel/follower.ts';

export class RecentEntries {
  /** The stream's epoch; empty until the follower has caught up. */
  epoch = '';
  /** Every message after this one is here. */
  since: Sequence = 0;
  /** Up to this one, every message of the stream was received. */
  last: Sequence = 0;
  readonly #keep: number;
  readonly #wakes = new Set<() => void>();
  readonly #stop: () => void;
  #entries: LogEntry[] = [];

  constructor(follower: Pick<Follower, 'onEvent' | 'ready' | 'position'>, keep = 10_000) {
    this.#keep = keep;
    this.#stop = follower.onEvent((event) => this.#take(event, follower.position().epoch));
    if (follower.ready().ready) this.#startAt(follower.position().epoch, follower.position().sequence);
  }

  /** Up to 256 messages after `sequence`; undefined if the window does not reach back that far. */
  after(sequence: Sequence): readonly LogEntry[] | undefined {
    if (sequence < this.since) return undefined;
    const first = lowerBound(this.#entries.length, (at) => this.#entries[at]!.sequence <= sequence);
    return this.#entries.slice(first, first + 256);
  }

  /** Calls `wake` on each new message and when the stream is replaced, until the returned function is called. */
  onChange(wake: () => void): () => void {
    this.#wakes.add(wake);
    return () => this.#wakes.delete(wake);
  }

  close(): void {
    this.#stop();
  }

  #take(event: FollowEvent, epoch: string): void {
    if (event.event === 'reset') this.#startAt('', 0);
    else if (event.event === 'entry') this.#append(event.entry);
    else if (event.event === 'caughtUp') this.#caughtUp(epoch, event.position.sequence);
  }

  /** Until the follower has caught up once, stragglers arrive out of order. */
  #append(entry: LogEntry): void {
    if (this.epoch === '' || entry.sequence <= this.last) return;
    this.#entries.push(entry);
    this.last = entry.sequence;
    // Trimmed only at twice the size, because trimming copies all remaining entries.
    if (this.#entries.length >= 2 * this.#keep) {
      this.#entries = this.#entries.slice(-this.#keep);
      this.since = this.#entries[0]!.sequence - 1;
    }
    this.#wake();
  }

  #caughtUp(epoch: string, sequence: Sequence): void {
    if (this.epoch === '') this.#startAt(epoch, sequence);
    else this.last = Math.max(this.last, sequence);
  }

  #startAt(epoch: string, sequence: Sequence): void {
    this.epoch = epoch;
    this.since = sequence;
    this.last = sequence;
    this.#entries = [];
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#wakes) wake();
  }
}
