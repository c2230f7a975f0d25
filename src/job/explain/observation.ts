// What can be seen around one task when somebody asks why it is where it is, and the findings that follow from it.

import type { TaskError } from '../errors/index.ts';
import type { Instant, Lane, TaskState } from '../task.ts';

export interface ObservedKey {
  readonly fingerprint: string;
  readonly state: 'ready' | 'cooling' | 'busy' | 'refused';
  /** When it may be used again, where that is known. */
  readonly until: Instant | null;
  readonly cause: string | null;
}

export interface ObservedPool {
  readonly name: string;
  /** Nobody declares it any more: its custom resource was deleted. */
  readonly removed?: boolean;
  /** Queued tasks by lane. */
  readonly lanes: Readonly<Record<Lane, number>>;
  /** Workers heard of lately. */
  readonly workers: number;
  /** Of them, those that shut down and take no more work. */
  readonly draining: number;
  readonly slots: { readonly total: number; readonly free: number };
  /** Null where nothing is known of the keys. */
  readonly keys: readonly ObservedKey[] | null;
  /** `until` is null for a pause without an end; null where the pool is not paused. */
  readonly paused: { readonly until: Instant | null } | null;
  /** When a task of the pool was last taken by a worker, as far as that is known. */
  readonly lastClaimAt: Instant | null;
}

export interface ObservedRunner {
  /** ms since its last heartbeat. */
  readonly silentFor: number;
  readonly draining: boolean;
  /** Its last heartbeat names this very attempt. */
  readonly listsTask: boolean;
  /** 0 to 1. */
  readonly progress: number;
}

export interface Observation {
  readonly task: TaskState;
  readonly error: TaskError | null;
  readonly pool: ObservedPool;
  /** For a queued task: how many are served before it, in the lane of requeued work and in its own. */
  readonly ahead: { readonly again: number; readonly lane: number } | null;
  /** For a running task: its worker; null where no heartbeat of it is known. */
  readonly runner: ObservedRunner | null;
  /** ms of silence after which a worker counts as lost. */
  readonly heartbeatTimeout: number;
  readonly now: Instant;
}

/** The one thing that best says why a task is where it is. */
export const causes = [
  'Overdue',
  'PoolRemoved',
  'PoolPaused',
  'NoWorkers',
  'NoKeys',
  'KeysRefused',
  'KeysCooling',
  'KeysBusy',
  'QueuedBehind',
  'WorkersBusy',
  'NotTaken',
  'AboutToStart',
  'WorkerSilent',
  'TaskNotListed',
  'ProviderSlow',
  'Running',
  'WaitingForRetry',
  'WaitingForReview',
  'Succeeded',
  'Failed',
  'Cancelled',
  'Deleted',
] as const;
export type Cause = (typeof causes)[number];

export interface Finding {
  readonly cause: Cause;
  /** One sentence. */
  readonly says: string;
  /** What a person can do about it, if anything. */
  readonly advice?: string;
}
