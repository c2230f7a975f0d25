// The queue of a pool: specs that workers may claim, by lane.

import type { Flow, QueuePart } from '../job/parts.ts';
import type { Instant, Lane, Queued, Sequence, TaskRequest } from '../job/task.ts';
import type { DetailedEntry } from './jobLog.ts';

export interface SpecEntry extends DetailedEntry {
  readonly state: Queued;
  readonly detail: DetailedEntry['detail'] & { readonly request: TaskRequest };
}

/** One delivery of a spec. The spec is redelivered after 5 s unless it is acknowledged or extended. */
export interface Delivery {
  readonly entry: SpecEntry;
  readonly redelivered: boolean;
  /** Acknowledges a claimed or stale spec. Never throws: a lost ack only causes a harmless redelivery. */
  ack(): void;
  /** Returns the spec to the queue, which offers it again after `delay` ms. Never throws. */
  nak(delay: number): void;
  /** Extends the delivery: its 5 s start again. Never throws: if it is lost, the spec is redelivered, perhaps to another worker. */
  working(): void;
}

/** How many more tasks of a flow may start now; Infinity without a limit. */
export type Room = (flow: Flow) => number;

export interface TaskQueue {
  /**
   * Waits for at least one spec of the pool and returns up to `atMost`: lane `again` first, then high : normal :
   * guest : low as 6 : 3 : 3 : 1. Within a priority, its lane and its tenant parts take turns by the weights of the tenants that have
   * tasks there. A tenant part whose tasks have no `room` is left alone, but looked at once a second: other tenants may have tasks
   * there too. Returns an empty list when `signal` aborts. Waits during connection failures instead of throwing.
   */
  claimable(pool: string, atMost: number, signal: AbortSignal, room?: Room): Promise<readonly Delivery[]>;
  /** Asks `room` again, of the calls of `claimable` that wait. */
  roomChanged(pool: string): void;
  /** How many tenant parts of each priority the pool's deliveries come from; 0 while a part has no consumer. */
  partsServed(pool: string): number;
  /** Creates the pool's consumers if they are missing. Only the leading controller calls it. */
  ensurePool(pool: string): Promise<void>;
  /** The number of undelivered specs per lane with its tenant parts, and of delivered but unacknowledged ones. */
  depth(pool: string): Promise<QueueDepth>;
  /**
   * Stops all deliveries of the pool, to every worker, until `until` (server's time) or a resume. Specs that were delivered
   * earlier may still be claimed. Resolves once the pause is in effect. Throws `Unavailable`, also if the pool has no
   * consumers yet.
   */
  pause(pool: string, until?: Instant): Promise<void>;
  /** Ends a pause; does nothing if the pool is not paused. Throws `Unavailable`. */
  resume(pool: string): Promise<void>;
  /** The pause of the pool, which has no end if `until` is null; undefined if the pool is not paused. */
  paused(pool: string): Promise<Pause | undefined>;
  /** Throws `Unavailable`. */
  ackFloors(pool: string): Promise<AckFloors>;
  close(): Promise<void>;
}

/**
 * The sequence up to which every spec of a lane, or of one of its tenant parts, has been acknowledged: a queued task at or
 * below it is never delivered. 0 for a lane without a consumer.
 */
export type AckFloors = (at: QueuePart) => Sequence;

export interface Pause {
  readonly until: Instant | null;
}

export interface QueueDepth {
  readonly lanes: Readonly<Record<Lane, number>>;
  readonly unacknowledged: number;
}
