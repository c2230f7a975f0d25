// Workers and pools, as the API shows them.

import type { Kind } from './job.ts';

/** `stopped`: it has ended. `lost`: no heartbeat has arrived for the heartbeat timeout. Both are shown for a minute. */
export type WorkerState = 'live' | 'draining' | 'stopped' | 'lost';

export interface Worker {
  name: string;
  pool: string;
  host: string;
  pid: number;
  version: string;
  startedAt: string;
  lastBeat: string;
  draining: boolean;
  state: WorkerState;
  slots: { total: number; busy: number; leaked: number };
  tasks: {
    job: string;
    task: number;
    progress: number;
    /** What it does for the task. */
    phase: string | null;
    /** How long the provider has had the call, ms. */
    waited: number | null;
    /** How long calls of this model usually take on this worker, ms. */
    usual: { p50: number; p95: number } | null;
  }[];
  /** ms. */
  eventLoopLag: number;
  /** Bytes. */
  memory: number;
  /** What attempts have taken of the memory that they may use, bytes. */
  attemptMemory: { used: number; limit: number } | null;
}

export type KeyState = 'ready' | 'cooling' | 'busy' | 'refused';

export interface ModelLimits {
  /** Reference images of a task. */
  references: number;
  /** One reference image, bytes. */
  referenceBytes: number;
  /** All reference images of a task together, bytes. */
  totalReferenceBytes: number;
  /** Null: any, for a model that Genwarden does not know. */
  aspectRatios: string[] | null;
  imageSizes: string[] | null;
  /** Fields of the input that the model does not take, such as `seed`. */
  lacks: string[];
}

export interface Pool {
  name: string;
  provider: string;
  models: Record<Kind, string[]>;
  /** What a task of each model may ask for. */
  modelLimits: Record<string, ModelLimits>;
  /** The `input.providerOptions` that jobs may set; null: any. */
  providerOptions: string[] | null;
  /** Not yet delivered, by lane. */
  depth: { again: number; high: number; normal: number; low: number; guest: number };
  unacknowledged: number;
  queued: number;
  running: number;
  waiting: number;
  needsReview: number;
  oldestQueuedAt: string | null;
  paused: boolean;
  /** Null also while the pool is paused without an end. */
  pausedUntil: string | null;
  /** Who ends the pause: `spec.paused` of its WorkerPool, or a resume. */
  pausedBy: 'spec' | 'api' | null;
  /** The resource in Kubernetes that sets everything of the pool but a pause; null: its workers set it. */
  managed: { kind: 'WorkerPool'; namespace: string; name: string } | null;
  workers: number;
  /** A stand-in answers the calls of at least one worker: the results are not the provider's. */
  standIn: boolean;
  keys: {
    fingerprint: string;
    state: KeyState;
    until: string | null;
    cause: string | null;
    inFlight: number;
    /** Its limit. */
    requestsPerMinute: number;
    /** Calls of the last 60 s by all workers. */
    callsLastMinute: number;
    /** The provider's words, or empty. */
    message: string;
    /** The models for which the key is not usable at present. */
    models: { model: string; state: 'cooling' | 'exhausted' | 'noQuota' | 'refused'; until: string; cause: string }[];
  }[];
  /** Models whose provider fails for every task. */
  outages: {
    model: string;
    state: 'open' | 'probing';
    since: string;
    /** The next probe, or the latest end of the one that runs. */
    until: string;
    /** The provider's last HTTP status. */
    status: number | null;
    message: string;
    failures: number;
  }[];
  /** What calls cost in this UTC day and month: of the pool (`tenant` is null), and of the caller's tenant. */
  spending: {
    tenant: string | null;
    day: number;
    month: number;
    limits: { day?: number; month?: number };
    dayEndsAt: string;
    monthEndsAt: string;
  }[];
  /** The caller's tenant, if it has tasks here; for an administrator the 20 with most of them. */
  tenants: {
    tenant: string;
    queued: number;
    running: number;
    /** The most tasks of it that may run; null: no limit. */
    limit: number | null;
    /** Its share of the starts, compared with other tenants that queue. */
    weight: number;
  }[];
  /** The most tasks of each group of a tenant that may run; null: no limit. */
  groupLimit: number | null;
}

export interface PausedPool extends Pool {
  /** When the first queued task fails if the pool stays paused. */
  firstQueueTimeoutAt: string | null;
}
