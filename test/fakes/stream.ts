// The stream in memory: the messages that NATS would store, in an array.

import type { JobId } from '../../src/job/ids.ts';
import type { Sequence, TaskWrite } from '../../src/job/task.ts';
import type { DetailedEntry, TaskAddress } from '../../src/ports/jobLog.ts';

export interface StoredMessage extends DetailedEntry {
  /** Written with a newer major schema: readers see that it exists and must not judge it. */
  readonly newer: boolean;
}

let streams = 0;

export class FakeStream {
  /** Bytes; -1 for none. */
  maxBytes = -1;
  #epoch = newEpoch();
  #messages: StoredMessage[] = [];
  #lastSequence = 0;
  #bytes = 0;
  readonly #lastOfTask = new Map<string, StoredMessage>();
  readonly #jobs = new Map<JobId, StoredMessage[]>();
  readonly #listeners = new Set<() => void>();

  get epoch(): string {
    return this.#epoch;
  }

  get lastSequence(): Sequence {
    return this.#lastSequence;
  }

  get size(): { bytes: number; messages: number } {
    return { bytes: this.#bytes, messages: this.#messages.length };
  }

  /** Oldest first. */
  get messages(): readonly StoredMessage[] {
    return this.#messages;
  }

  append(write: TaskWrite, writeId: string, at: number, newer = false): StoredMessage {
    this.#lastSequence += 1;
    // A copy, as if it had been encoded and decoded.
    const { state, detail } = structuredClone(write);
    const message: StoredMessage = { sequence: this.#lastSequence, at, writeId, state, detail, newer };
    this.#messages.push(message);
    this.#bytes += JSON.stringify(write).length;
    this.#lastOfTask.set(keyOf(state.of), message);
    this.ofJob(state.of.job).push(message);
    this.notify();
    return message;
  }

  last(address: TaskAddress): StoredMessage | undefined {
    return this.#lastOfTask.get(keyOf(address));
  }

  /** The job's messages in order, whatever its pool. */
  ofJob(job: JobId): StoredMessage[] {
    const known = this.#jobs.get(job);
    if (known !== undefined) return known;
    const fresh: StoredMessage[] = [];
    this.#jobs.set(job, fresh);
    return fresh;
  }

  /** The first message after the sequence. */
  after(sequence: Sequence): StoredMessage | undefined {
    let low = 0;
    let high = this.#messages.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#messages[middle]!.sequence > sequence) high = middle;
      else low = middle + 1;
    }
    return this.#messages[low];
  }

  /** Drops the job's messages older than `before`. */
  purge(job: JobId, before: Sequence): void {
    const goes = (message: StoredMessage): boolean => message.state.of.job === job && message.sequence < before;
    this.#messages = this.#messages.filter((message) => !goes(message));
    this.#jobs.set(
      job,
      this.ofJob(job).filter((message) => !goes(message)),
    );
    for (const [key, message] of this.#lastOfTask) if (goes(message)) this.#lastOfTask.delete(key);
  }

  /** Deletes the stream and creates a new, empty one. */
  replace(): void {
    this.#epoch = newEpoch();
    this.#messages = [];
    this.#lastSequence = 0;
    this.#bytes = 0;
    this.#lastOfTask.clear();
    this.#jobs.clear();
    this.notify();
  }

  /** Wakes everything that listens. */
  notify(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Calls back at each change until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

function newEpoch(): string {
  streams += 1;
  return `memory${streams}`;
}

const keyOf = ({ pool, job, task }: TaskAddress): string => `${pool} ${job} ${task}`;
