// The queue of a pool as its workers see it: specs that may be claimed, by lanes.

import type { Instant, Lane, Queued, Sequence, TaskRequest } from '../job/task.ts';
import type { DetailedEntry } from './jobLog.ts';

export interface SpecEntry extends DetailedEntry {
  readonly state: Queued;
  readonly detail: DetailedEntry['detail'] & { readonly request: TaskRequest };
}

/** One delivery of a spec. It comes again after 5 s unless it is done. */
export interface Delivery {
  readonly entry: SpecEntry;
  readonly redelivered: boolean;
  /** The claim is written, or the spec is stale: the queue may forget it. Never throws: a lost ack is a harmless redelivery. */
  done(): void;
  /** Offered again after `delay` ms. Never throws. */
  giveBack(delay: number): void;
}

export interface TaskQueue {
  /**
   * Waits for at least one spec of the pool, `atMost` of them, in the order again, then high : normal : low as 6 : 3 : 1.
   * Returns an empty list when `signal` aborts; never throws for faults of the connection, which it waits out.
   */
  claimable(pool: string, atMost: number, signal: AbortSignal): Promise<readonly Delivery[]>;
  /** Makes sure that the pool's consumers exist; the leading controller alone calls it. */
  ensurePool(pool: string): Promise<void>;
  /** Specs per lane that were not delivered yet, and those delivered but not acknowledged. */
  depth(pool: string): Promise<QueueDepth>;
  /**
   * No spec of the pool is delivered any more, to any worker, until `until` (server's time) or a resume; what was
   * delivered already may still be claimed. Resolves once it holds. Throws `Unavailable`, also where the pool has no
   * consumers yet.
   */
  pause(pool: string, until?: Instant): Promise<void>;
  /** Ends a pause; does nothing if there is none. Throws `Unavailable`. */
  resume(pool: string): Promise<void>;
  /** The pause of the pool, without an end where `until` is null; undefined where it is not paused. */
  paused(pool: string): Promise<Pause | undefined>;
  /**
   * For each lane the sequence up to which every spec has been acknowledged: a queued task at or below it is never
   * delivered. 0 for a lane without a consumer. Throws `Unavailable`.
   */
  settled(pool: string): Promise<Readonly<Record<Lane, Sequence>>>;
  close(): Promise<void>;
}

export interface Pause {
  readonly until: Instant | null;
}

export interface QueueDepth {
  readonly lanes: Readonly<Record<'again' | 'high' | 'normal' | 'low', number>>;
  readonly unacknowledged: number;
}
