// Remembers which storage is full, from the outcomes of this process's writes. A mark ends with the next write that is stored,
// when a check finds room, or when no write has failed for a while.

import { JetStreamApiError } from '@nats-io/jetstream';
import { worstStorage, type FullStorage, type StoragePlace, type StorageRefusal } from '../../../job/storage.ts';
import type { StorageHealth } from '../../../ports/storageHealth.ts';
import { placeOf } from './errors.ts';

/** ms. Longer than the time between two attempts of a writer that waits for room. */
const forgetAfter = 15_000;
const sweepEvery = 1_000;

interface Mark extends FullStorage {
  readonly seenAt: number;
}

export class StorageMarks implements StorageHealth {
  readonly #marks = new Map<string, Mark>();
  readonly #listeners = new Set<() => void>();
  #sweeper: NodeJS.Timeout | undefined;
  #reserve: FullStorage | undefined;

  full(): FullStorage | undefined {
    return worstStorage([...this.#marks.values(), ...(this.#reserve === undefined ? [] : [this.#reserve])]);
  }

  /** Only a reserve is left on the server's disk, by a process that watches the disk: submits and artifacts must not use it. */
  get onReserve(): FullStorage | undefined {
    return this.#reserve;
  }

  /** Undefined words end it. */
  keepReserve(words: string | undefined): void {
    const before = this.#reserve;
    const since = before?.since ?? Date.now();
    this.#reserve = words === undefined ? undefined : { place: 'disk', refuses: 'artifacts', since, words };
    if ((before === undefined) !== (this.#reserve === undefined)) this.#notify();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  refused(place: StoragePlace, refuses: StorageRefusal, words: string): void {
    const key = keyOf(place, refuses);
    const known = this.#marks.get(key);
    const seenAt = performance.now();
    this.#marks.set(key, { place, refuses, words, since: known?.since ?? Date.now(), seenAt });
    this.#sweeper ??= setInterval(() => this.#sweep(), sweepEvery).unref();
    if (known === undefined) this.#notify();
  }

  /** Records what an error of a write to the stream says about the storage, if anything. */
  failed(stream: string, error: unknown): void {
    const place = error instanceof JetStreamApiError ? placeOf(error, isArtifacts(stream)) : undefined;
    if (place !== undefined)
      this.refused(place, place === 'artifacts' ? 'artifacts' : 'statuses', (error as Error).message);
  }

  /** A write to the stream was stored. */
  stored(stream: string): void {
    if (this.#marks.size === 0) return;
    const refuses = isArtifacts(stream) ? 'artifacts' : 'statuses';
    this.#forget((mark) => mark.refuses === refuses && (refuses === 'statuses' || mark.place === 'artifacts'));
  }

  has(place: StoragePlace, refuses: StorageRefusal): boolean {
    return this.#marks.has(keyOf(place, refuses));
  }

  /** A check found room again. */
  hasRoom(place: StoragePlace, refuses: StorageRefusal): void {
    if (this.has(place, refuses)) this.#forget((mark) => mark.place === place && mark.refuses === refuses);
  }

  #sweep(): void {
    const now = performance.now();
    this.#forget(({ seenAt }) => now - seenAt > forgetAfter);
  }

  #forget(isOver: (mark: Mark) => boolean): void {
    const before = this.#marks.size;
    for (const [key, mark] of this.#marks) if (isOver(mark)) this.#marks.delete(key);
    if (this.#marks.size === 0) {
      clearInterval(this.#sweeper);
      this.#sweeper = undefined;
    }
    if (this.#marks.size < before) this.#notify();
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

const keyOf = (place: StoragePlace, refuses: StorageRefusal): string => `${place} ${refuses}`;

export const isArtifacts = (stream: string): boolean => stream.startsWith('OBJ_');

const marksByLink = new WeakMap<object, StorageMarks>();

/** Both links of a process then share what their writes show. */
export const shareStorage = (link: object, other: object): void => void marksByLink.set(other, storageOf(link));

/** What this process knows about the storage behind the link. */
export function storageOf(link: object): StorageMarks {
  const known = marksByLink.get(link);
  if (known !== undefined) return known;
  const marks = new StorageMarks();
  marksByLink.set(link, marks);
  return marks;
}
