// Follows the stream and keeps the process's index current. It reports readiness and changes, and can wait for a sequence. A
// process has one follower.

import type { Logger } from 'pino';
import type { Sequence } from '../job/task.ts';
import { elapsed, type Monotonic } from '../job/time.ts';
import { logEvent } from '../job/logEvents/index.ts';
import type { Clock } from '../ports/clock.ts';
import type { LogEntry, FollowEvent, FollowFrom, JobLog, Position } from '../ports/jobLog.ts';
import { JobIndex, type Change, type IndexedJob } from './jobIndex.ts';

export interface Follower {
  readonly index: JobIndex;
  /** Ready while it has caught up with the stream and is connected to it. */
  ready(): { readonly ready: boolean; readonly reason: string };
  /** The time since the index was last known to be current, ms; 0 while it is current. */
  lag(): number;
  /** The stream's epoch and the last sequence in the index. */
  position(): Position;
  /** The first message that the index skipped because of its newer schema; newer processes must still receive it. */
  firstNewer(): Sequence | undefined;
  /** Waits until the index has the sequence; false when `timeoutMs` ran out or the signal aborted first. */
  waitFor(sequence: Sequence, timeoutMs: number, signal?: AbortSignal): Promise<boolean>;
  /** Applies this process's own write immediately, without waiting for the stream to deliver it. */
  applyOwn(entry: LogEntry): void;
  /** Returns a function that stops listening. A listener must not throw. */
  onChange(listener: (change: Change) => void): () => void;
  /**
   * Calls the listener with every event of the stream, in order, after the index has applied it. This includes entries that
   * `applyOwn` has already applied. A listener must not throw.
   */
  onEvent(listener: (event: FollowEvent) => void): () => void;
  /** Calls the listener when the stream was replaced and the index starts over. */
  onReset(listener: () => void): () => void;
  /** Calls the listener with the jobs that the index dropped after their retention. */
  onExpired(listener: (jobs: readonly IndexedJob[]) => void): () => void;
  close(): Promise<void>;
}

export interface FollowerOptions {
  readonly log: JobLog;
  readonly clock: Clock;
  readonly from?: FollowFrom;
  /** How many finished jobs the index keeps, default 20,000. */
  readonly maxFinished?: number;
  readonly logger: Logger;
  /** Called once, when the index first catches up. */
  readonly onFirstCurrent?: () => void;
}

const forgetEvery = 60_000;

export function startFollower(options: FollowerOptions): Follower {
  return new StreamFollower(options);
}

class StreamFollower implements Follower {
  readonly index: JobIndex;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #stop = new AbortController();
  readonly #changeListeners = new Set<(change: Change) => void>();
  readonly #eventListeners = new Set<(event: FollowEvent) => void>();
  readonly #resetListeners = new Set<() => void>();
  readonly #expiredListeners = new Set<(jobs: readonly IndexedJob[]) => void>();
  readonly #waiters = new Set<{ sequence: Sequence; resolve: (reached: boolean) => void }>();
  readonly #following: Promise<void>;
  readonly #forgetting: NodeJS.Timeout;
  #onFirstCurrent: (() => void) | undefined;
  #position: Position = { epoch: '', sequence: 0 };
  #firstNewer: Sequence | undefined;
  #notReadyReason = 'the stream has not been read yet';
  #notReadySince: Monotonic;

  constructor({ log, clock, from, maxFinished, logger, onFirstCurrent }: FollowerOptions) {
    this.#onFirstCurrent = onFirstCurrent;
    this.index = new JobIndex(maxFinished === undefined ? {} : { maxFinished });
    this.#clock = clock;
    this.#logger = logger;
    this.#notReadySince = clock.monotonic();
    this.#following = this.#follow(log, from ?? { from: 'watermark' });
    this.#forgetting = setInterval(() => this.#forgetExpired(), forgetEvery);
    this.#forgetting.unref();
  }

  ready(): { ready: boolean; reason: string } {
    return { ready: this.#notReadyReason === '', reason: this.#notReadyReason };
  }

  lag(): number {
    return this.#notReadyReason === '' ? 0 : elapsed(this.#notReadySince, this.#clock.monotonic());
  }

  position(): Position {
    return this.#position;
  }

  firstNewer(): Sequence | undefined {
    return this.#firstNewer;
  }

  waitFor(sequence: Sequence, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    if (this.#position.sequence >= sequence) return Promise.resolve(true);
    return new Promise((resolve) => {
      const waiter = { sequence, resolve: (reached: boolean) => finish(reached) };
      const timer = setTimeout(() => finish(false), timeoutMs);
      const abort = (): void => finish(false);
      const finish = (reached: boolean): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        this.#waiters.delete(waiter);
        resolve(reached);
      };
      this.#waiters.add(waiter);
      signal?.addEventListener('abort', abort, { once: true });
      if (signal?.aborted) abort();
    });
  }

  applyOwn(entry: LogEntry): void {
    this.#apply(entry);
  }

  onChange(listener: (change: Change) => void): () => void {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  }

  onEvent(listener: (event: FollowEvent) => void): () => void {
    this.#eventListeners.add(listener);
    return () => this.#eventListeners.delete(listener);
  }

  onReset(listener: () => void): () => void {
    this.#resetListeners.add(listener);
    return () => this.#resetListeners.delete(listener);
  }

  onExpired(listener: (jobs: readonly IndexedJob[]) => void): () => void {
    this.#expiredListeners.add(listener);
    return () => this.#expiredListeners.delete(listener);
  }

  async close(): Promise<void> {
    clearInterval(this.#forgetting);
    this.#stop.abort();
    for (const waiter of this.#waiters) waiter.resolve(false);
    await this.#following;
  }

  #forgetExpired(): void {
    const expired = this.index.forgetExpired(this.#clock.now());
    if (expired.length > 0) for (const listener of this.#expiredListeners) listener(expired);
  }

  async #follow(log: JobLog, from: FollowFrom): Promise<void> {
    for await (const event of log.follow(from, this.#stop.signal)) {
      this.#handle(event);
      for (const listener of this.#eventListeners) listener(event);
    }
  }

  #handle(event: FollowEvent): void {
    switch (event.event) {
      case 'entry':
        this.#apply(event.entry);
        return this.#advanceTo(event.entry.sequence);
      case 'newer':
        this.#firstNewer = Math.min(event.sequence, this.#firstNewer ?? Infinity);
        return this.#advanceTo(event.sequence);
      case 'caughtUp':
        this.#position = event.position;
        this.#notReadyReason = '';
        this.#onFirstCurrent?.();
        this.#onFirstCurrent = undefined;
        return this.#advanceTo(event.position.sequence);
      case 'lagging':
        if (this.#notReadyReason === '') this.#notReadySince = this.#clock.monotonic();
        this.#notReadyReason = event.reason;
        return;
      case 'reset':
        return this.#reset(event.epoch);
      default:
        event satisfies never;
    }
  }

  #apply(entry: LogEntry): void {
    if (entry.state.of.expiresAt <= this.#clock.now()) return;
    const change = this.index.apply(entry, this.#clock.monotonic());
    if (change !== undefined) for (const listener of this.#changeListeners) listener(change);
  }

  #advanceTo(sequence: Sequence): void {
    if (sequence > this.#position.sequence) this.#position = { ...this.#position, sequence };
    for (const waiter of this.#waiters) if (waiter.sequence <= this.#position.sequence) waiter.resolve(true);
  }

  #reset(epoch: string): void {
    if (this.#position.epoch !== '')
      logEvent(this.#logger, 'stream_replaced', { epoch }, 'The stream was replaced; rebuilding the index');
    this.#position = { epoch, sequence: 0 };
    this.#firstNewer = undefined;
    this.index.clear();
    for (const listener of this.#resetListeners) listener();
  }
}
