// The responses of `explain`, `stuck` and `doctor`.

import type { KeyState } from './pool.ts';
import type { Lane, State, TaskError } from './job.ts';
import type { WebhookStatus } from './webhook.ts';

export type Cause =
  | 'Overdue'
  | 'StorageFull'
  | 'PoolRemoved'
  | 'PoolPaused'
  | 'NoWorkers'
  | 'NoKeys'
  | 'KeysRefused'
  | 'KeysCooling'
  | 'KeysBusy'
  | 'ProviderOutage'
  | 'QuotaExhausted'
  | 'BudgetExhausted'
  | 'TenantLimit'
  | 'QueuedBehind'
  | 'WorkersBusy'
  | 'WorkerMemory'
  | 'NotTaken'
  | 'AboutToStart'
  | 'WorkerSilent'
  | 'TaskNotListed'
  | 'ProviderSlow'
  | 'Running'
  | 'WaitingForRetry'
  | 'WaitingForTasks'
  | 'WaitingForReview'
  | 'Succeeded'
  | 'Failed'
  | 'Cancelled'
  | 'Deleted';

export interface ExplainedTask {
  job: string;
  task: number;
  name: string | null;
  pool: string;
  state: State;
  reason: string;
  run: number;
  attempt: number;
  sequence: number;
  since: string;
  sinceMs: number;
  /** Why the task is in its state. */
  cause: Cause;
  summary: string;
  details: string[];
  advice: string[];
  dueAt: string | null;
  retryAt: string | null;
  /** What happens without intervention, the next step first. */
  next: { at: string; rule: string; says: string }[];
  /** ms. */
  budgetsLeft: { queue: number; run: number; review: number } | null;
  queue: {
    lane: Lane;
    /** Tasks of its lane that are ahead of it. */
    ahead: number;
    aheadRequeued: number;
    /** Tasks of all lanes that are served before it. */
    before: number;
    /** An estimate, ms from now; null if nothing is known. */
    startsInMs: number | null;
  } | null;
  worker: { name: string; lastBeatMsAgo: number | null; draining: boolean; progress: number } | null;
  error: TaskError | null;
}

export interface ObservedPool {
  name: string;
  lanes: { again: number; high: number; normal: number; low: number; guest: number };
  workers: number;
  draining: number;
  slots: { total: number; free: number };
  keys: { fingerprint: string; state: KeyState; until: string | null; cause: string | null }[] | null;
  paused: boolean;
  pausedUntil: string | null;
  lastClaimAt: string | null;
}

export interface ExplainedJob {
  id: string;
  state: State;
  summary: string;
  deadlineAt: string;
  pool: ObservedPool;
  /** Null for a job without a webhook. */
  webhook: WebhookStatus | null;
  tasks: ExplainedTask[];
  /** The trace in which the job was submitted, 32 hexadecimal digits; null without one. */
  traceId: string | null;
  /** The address of that trace, if it is recorded and the API knows the tracing system. */
  traceUrl?: string;
}

export interface StuckFilter {
  /** Such as `5m`, the default. */
  olderThan?: string;
  jobId?: string;
  pool?: string;
}

export interface StuckTask extends ExplainedTask {
  tenant: string;
  overdue: boolean;
}

export interface StuckList {
  items: StuckTask[];
  next: null;
  /** Larger than the number of `items` if there are more than 500. */
  total: number;
  pools: ObservedPool[];
  /** What the tasks were chosen from. */
  searched: Searched;
}

export interface Searched {
  /** Whose tasks; null: those of all tenants. */
  tenant: string | null;
  openTasks: number;
  /** The jobs that the API knows, open and finished. */
  jobs: number;
  /** Of the job that was asked about. */
  jobState: State | null;
  /** Every message of the stream up to this one was considered. */
  sequence: number;
  /** When that was the last message. */
  at: string;
  /** How long ago that was when the API answered, ms. */
  ageMs: number;
  /** False: tasks of a newer version, which this API cannot read, are missing. */
  complete: boolean;
  /** The controller that leads; null: none does, so nothing moves overdue tasks. */
  leader: string | null;
}

export interface FixedTask {
  job: string;
  task: number;
  /** `changed`: it has changed since it was read, and was not failed. */
  outcome: 'failed' | 'changed' | 'notFound';
}

export interface Checklist {
  /** True if every check passed. */
  ok: boolean;
  version: string;
  checks: Check[];
}

export interface Check {
  name: string;
  ok: boolean;
  says: string;
  /** What to do. Of a check that passed: what to know, or to do before it fails. */
  advice: string | null;
  /** The processes that found it. */
  seenBy: string;
}
