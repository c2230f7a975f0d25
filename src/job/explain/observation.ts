// The facts about one task and its pool from which its state is explained, and the findings that follow from them.

import type { AttemptPhase } from '../attemptPhase.ts';
import type { TaskError } from '../errors/index.ts';
import type { Block } from '../block.ts';
import type { Ahead } from '../place.ts';
import type { PoolResource } from '../poolResource.ts';
import type { FullStorage } from '../storage.ts';
import type { Instant, Lane, TaskState } from '../task.ts';

export interface ObservedKey {
  readonly fingerprint: string;
  readonly state: 'ready' | 'cooling' | 'busy' | 'refused';
  /** When it may be used again, if known. */
  readonly until: Instant | null;
  readonly cause: string | null;
  readonly requestsPerMinute: number;
  /** Requests that its limit per minute allows at once. */
  readonly requestsLeft: number;
  readonly inFlight: number;
  readonly maxInFlight: number;
  /** The models for which it is not usable at present. */
  readonly models: readonly {
    readonly model: string;
    readonly state: 'cooling' | 'exhausted' | 'noQuota' | 'refused';
    readonly until: Instant;
  }[];
}

export interface ObservedPool {
  readonly name: string;
  /** Its provider's name; `the provider` if the pool is not declared. */
  readonly provider: string;
  /** Its custom resource was deleted. */
  readonly removed?: boolean;
  /** The WorkerPool that defines it, so the operator runs its workers; absent: none. */
  readonly resource?: PoolResource;
  /** Queued tasks by lane. */
  readonly lanes: Readonly<Record<Lane, number>>;
  /** Workers with a recent heartbeat. */
  readonly workers: number;
  /** Whether this process has listened long enough to know all of them; absent: it has. */
  readonly knowsWorkers?: boolean;
  /** Of those, the ones that are shutting down and claim no more tasks. */
  readonly draining: number;
  /** `open`: of workers that claim tasks. */
  readonly slots: { readonly total: number; readonly free: number; readonly open: number };
  /** Tasks that its workers run. */
  readonly running: number;
  /** How long an attempt of its queued tasks takes on average, ms; null if that is unknown. */
  readonly attemptMs: number | null;
  /** Null if nothing is known about the keys. */
  readonly keys: readonly ObservedKey[] | null;
  /** Null if the pool is not paused; `until` is null for a pause without an end. */
  readonly paused: { readonly until: Instant | null } | null;
  /** When a worker last claimed a task of the pool; null if no claim is known. */
  readonly lastClaimAt: Instant | null;
}

/** The worker that runs the task. */
export interface ObservedRunner {
  /** ms since its last heartbeat. */
  readonly silentFor: number;
  readonly draining: boolean;
  /** Its last heartbeat lists this attempt. */
  readonly listsTask: boolean;
  /** 0 to 1. */
  readonly progress: number;
  /** What it does for the task; null if that is not known. */
  readonly phase: AttemptPhase | null;
  /** How long the provider has had the call, ms; null before it was sent and after it was answered. */
  readonly waited: number | null;
  /** How long calls of this model usually take on this worker, ms; null until it has seen a few. */
  readonly usual: { readonly p50: number; readonly p95: number } | null;
}

/** The worker that has fetched a queued task and waits for memory to run it in. */
export interface ObservedHolder {
  readonly worker: string;
  /** It runs the task alone, and waits until its other tasks have ended. */
  readonly alone: boolean;
  /** What its attempts have taken of its memory, bytes; null if it does not say so. */
  readonly memory: { readonly used: number; readonly limit: number } | null;
}

export interface Observation {
  readonly task: TaskState;
  readonly error: TaskError | null;
  /** The message of the task's state; absent or null if it was not read. */
  readonly message?: string | null;
  readonly pool: ObservedPool;
  /** For a queued task: why its target admits no call; null if it admits one, or if nothing is known. */
  readonly block: Block | null;
  /** For a queued task: how many tasks are served before it, in the lane `again` and in its own lane. */
  readonly ahead: Ahead | null;
  /** For a queued task; absent if no worker holds it. */
  readonly holder?: ObservedHolder;
  /** For a held task: the tasks that it waits for, as far as they are known. */
  readonly parents?: readonly TaskState[];
  /** For a running task; null if this process has received no heartbeat from the worker. */
  readonly runner: ObservedRunner | null;
  /** The storage that is full, as far as this process and the workers know; absent or null if there is room. */
  readonly storage?: FullStorage | null;
  /** ms of silence after which a worker is considered lost. */
  readonly heartbeatTimeout: number;
  readonly now: Instant;
}

/** The main reason why a task is in its state. */
export const causes = [
  'Overdue',
  'StorageFull',
  'PoolRemoved',
  'PoolPaused',
  'NoWorkers',
  'NoKeys',
  'KeysRefused',
  'KeysCooling',
  'KeysBusy',
  'ProviderOutage',
  'QuotaExhausted',
  'BudgetExhausted',
  'TenantLimit',
  'QueuedBehind',
  'WorkersBusy',
  'WorkerMemory',
  'NotTaken',
  'AboutToStart',
  'WorkerSilent',
  'TaskNotListed',
  'ProviderSlow',
  'Running',
  'WaitingForRetry',
  'WaitingForTasks',
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
  readonly summary: string;
  /** What a person can do about it, if anything can be done. */
  readonly advice?: string;
  /** What an open task waits for because of this. */
  readonly waitingFor?: WaitingFor;
}

export const waitReasons = [
  'NoWorkers',
  'SlotsBusy',
  'WorkerMemory',
  'RateLimit',
  'KeysCooling',
  'KeysRefused',
  'NoKeys',
  'ProviderOutage',
  'QuotaExhausted',
  'PoolPaused',
  'TenantLimit',
  'BudgetExhausted',
  'Backoff',
  'Dependency',
  'Review',
  'StorageFull',
] as const;
export type WaitReason = (typeof waitReasons)[number];

export interface WaitingFor {
  readonly reason: WaitReason;
  /** When the wait ends or is checked next; null if that is unknown. */
  readonly until: Instant | null;
  /** One sentence. Its times are absolute, so that it changes only with the facts. */
  readonly detail: string;
}
