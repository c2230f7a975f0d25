// Heartbeats from workers, and cancellations to them. Nothing here is stored.

import type { JobId, TaskIndex } from '../job/ids.ts';
import type { Instant, Sequence } from '../job/task.ts';

export interface BeatTask {
  readonly job: JobId;
  readonly task: TaskIndex;
  /** The sequence of the claim; 0 while the claim is in flight. */
  readonly claim: Sequence;
  /** 0 to 1. */
  readonly progress: number;
}

export interface Beat {
  readonly worker: string;
  readonly pool: string;
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  readonly startedAt: Instant;
  /** 1 for the first beat of this worker. */
  readonly number: number;
  /** Every task from before its claim until its final write is answered. */
  readonly tasks: readonly BeatTask[];
  readonly slots: { readonly total: number; readonly busy: number; readonly leaked: number };
  /** ms, the longest hold of the event loop since the last beat. */
  readonly eventLoopLag: number;
  /** Resident memory, bytes. */
  readonly memory: number;
  readonly draining: boolean;
  /** The NATS connection that carries this beat. */
  readonly connection: { readonly server: string; readonly client: number };
}

export type BeatEvent =
  | { readonly event: 'beat'; readonly beat: Beat }
  /** The connection of this worker closed, and neither a beat nor a CONNECT of the same name came within the hold. */
  | { readonly event: 'connectionLost'; readonly worker: string; readonly reason: string }
  /** This process's own connection is down, or up again. */
  | { readonly event: 'observerDisconnected' }
  | { readonly event: 'observerReconnected' };

/** Tells a worker to stop an attempt because the task no longer belongs to it. */
export interface Cancellation {
  readonly job: JobId;
  readonly task: TaskIndex;
  readonly claim: Sequence;
  readonly reason: string;
}

export interface Heartbeats {
  /** Sends a heartbeat and fills in `connection`. It is lost silently while the connection is down. */
  beat(beat: Omit<Beat, 'connection'>): void;
  watch(signal: AbortSignal): AsyncIterable<BeatEvent>;
  /** Sends a cancellation. It is lost silently while the connection is down, so it is repeated in answer to heartbeats. */
  sendCancellation(worker: string, cancellation: Cancellation): void;
  cancellations(worker: string, signal: AbortSignal): AsyncIterable<Cancellation>;
}
