// The responses of the API, and what requests share with them. A test compares these types with the OpenAPI document.

import type { TaskErrorCode } from './errorCode.ts';
import type { Json } from './json.ts';
import type { Warning } from './warning.ts';
import type { JobWebhook } from './webhook.ts';

export type { Json } from './json.ts';

export type OpenState = 'queued' | 'running' | 'waiting' | 'needs_review';
export type TerminalState = 'succeeded' | 'failed' | 'cancelled';
export type State = OpenState | TerminalState;
export type Kind = 'image' | 'text';
export type Priority = 'high' | 'normal' | 'low';
/** A part of a pool's queue. Requeued tasks are in `again`, which is served first. */
export type Lane = 'again' | Priority | 'guest';

/** Times are ISO 8601 in UTC. */
export interface ListedJob {
  id: string;
  /** The owner of the job: in Kubernetes, the namespace. */
  tenant: string;
  kind: Kind;
  pool: string;
  model: string;
  priority: Priority;
  state: State;
  submittedAt: string;
  startedAt: string | null;
  finishedAt: string | null;
  /** For the pool's limit of running tasks per group. */
  group: string | null;
  /** The latest moment by which the job will be terminal. */
  deadlineAt: string;
  expiresAt: string;
  /** `fraction`: how much has ended, 0 to 1. Failed and cancelled tasks have ended: what succeeded is `succeeded / total`. */
  progress: Record<State, number> & { total: number; fraction: number };
  /** Of the first waiting task; null while a task runs. */
  waitingFor: WaitingFor | null;
  /** The job waits for nothing but a reviewer. */
  awaitsReview: boolean;
  /** Of the first task that failed by itself: a code of the error catalogue; null while none has failed. */
  failureReason: string | null;
  /** Of all tasks; null before the first paid call. */
  usage: Spent | null;
  labels: Record<string, string>;
  /** How the prompt of the first task begins, in one line; null if nothing of it is visible, and in jobs of earlier versions. */
  prompt: string | null;
  /** At most five, of the first image tasks with a result. An image of more than 20 megapixels has none: `href` answers 404. */
  thumbnails: JobThumbnail[];
  /** The trace in which the job was submitted, 32 hexadecimal digits; null without one. */
  traceId: string | null;
  /** The address of that trace, if it is recorded and the API knows the tracing system. */
  traceUrl?: string;
}

export interface JobThumbnail {
  /** The task's index. */
  task: number;
  href: string;
}

export interface Job extends ListedJob {
  metadata: Json;
  webhook: JobWebhook | null;
  /** Absent if they were not requested. */
  tasks?: Task[];
}

export interface SubmittedJob extends Job {
  /** Why the job may start late or never; empty for most jobs. */
  warnings: Warning[];
}

export interface TaskError {
  /** A code of the error catalogue; an API of a newer version may have others. */
  code: TaskErrorCode | (string & {});
  message: string;
  retryable: boolean;
  hint: string;
  provider: { status?: number; code?: string } | null;
}

export interface Artifact {
  name: string;
  mediaType: string;
  bytes: number;
  digest: string;
  /** Where an S3 artifact store keeps the bytes. */
  path?: string;
  width?: number;
  height?: number;
  href: string;
}

/** What speaks against a result. */
export interface Flag {
  /** The job's check, or the provider's safety ratings. */
  source: 'check' | 'safety';
  reason: string;
}

/** What one attempt used. */
export interface Usage {
  inputTokens: number;
  outputTokens: number;
  durationMs: number;
  /** In the unit of the pools' prices; absent without prices. */
  cost?: number;
}

/** What all paid calls used, over all attempts and runs. */
export interface Spent {
  inputTokens: number;
  outputTokens: number;
  /** In the unit of the pools' prices; absent without prices. */
  cost?: number;
  /** Calls that the provider bills, also those whose result could not be used. */
  paidCalls: number;
}

export type WaitReason =
  | 'NoWorkers'
  | 'SlotsBusy'
  | 'WorkerMemory'
  | 'RateLimit'
  | 'KeysCooling'
  | 'KeysRefused'
  | 'NoKeys'
  | 'ProviderOutage'
  | 'QuotaExhausted'
  | 'PoolPaused'
  | 'TenantLimit'
  | 'BudgetExhausted'
  | 'Backoff'
  | 'Dependency'
  | 'Review'
  | 'StorageFull';

/** What an open task waits for. */
export interface WaitingFor {
  reason: WaitReason;
  /** When the wait ends or is checked next; null if that is unknown. */
  until: string | null;
  detail: string;
}

export interface Target {
  pool: string;
  model: string;
}

/**
 * A task, by its state: `switch (task.state)` narrows it. An API of a newer version may send further states; `isFinished` tells
 * whether such a task is still open.
 */
export type Task = OpenTask | SucceededTask | FailedTask | CancelledTask;

export interface OpenTask extends TaskFields {
  state: OpenState;
  completedAt: null;
  failedAt: null;
  dueAt: string;
  target: Target;
}

export interface SucceededTask extends TaskFields {
  state: 'succeeded';
  completedAt: string;
  failedAt: null;
  dueAt: null;
  target: null;
}

export interface FailedTask extends TaskFields {
  state: 'failed';
  completedAt: null;
  failedAt: string;
  dueAt: null;
  target: null;
  error: TaskError;
}

export interface CancelledTask extends TaskFields {
  state: 'cancelled';
  completedAt: null;
  failedAt: null;
  dueAt: null;
  target: null;
}

/** The fields that every task has. */
export interface TaskFields {
  index: number;
  name: string | null;
  /** Only of a task whose kind or model is not the job's. */
  kind?: Kind;
  model?: string;
  /** The tasks that this one waits for, if any. */
  after?: string[];
  state: State;
  run: number;
  attempt: number;
  /** 0 to 1. */
  progress: number;
  /** What the worker does for a running task. */
  phase: string | null;
  metadata: Json;
  queuedAt: string;
  startedAt: string | null;
  completedAt: string | null;
  failedAt: string | null;
  /** The moment by which an open state must change. */
  dueAt: string | null;
  retryAt: string | null;
  reason: string;
  message: string;
  error: TaskError | null;
  waitingFor: WaitingFor | null;
  worker: string | null;
  /** Where an open task runs or waits to run; differs from the job after a fallback. */
  target: Target | null;
  /** What the last attempt with a call used. */
  used: (Target & { provider: string }) | null;
  output: Json;
  usage: (Spent & { /** Of the call that produced the result. */ durationMs: number | null }) | null;
  artifacts: Artifact[];
  /** Absent: nothing has flagged the result. */
  flags?: Flag[];
}

export interface Transition {
  sequence: number;
  at: string;
  task: number;
  name: string | null;
  run: number;
  attempt: number;
  attemptsLost: number;
  state: State | 'deleted';
  reason: string;
  message: string;
  worker: string | null;
  lane: string | null;
  dueAt: string | null;
  retryAt: string | null;
  error: TaskError | null;
  usage: Usage | null;
  artifacts: Artifact[];
  flags?: Flag[];
}

export interface ListFilter {
  /** States of the job; `open` means all open states. */
  state?: State | 'open' | (State | 'open')[];
  pool?: string;
  kind?: Kind;
  labels?: Record<string, string>;
  /** Words that must all match: the start of the id, or a part of a label, of the pool or of `prompt`. 1 to 200 characters. */
  search?: string;
  /** Jobs per page, 1 to 500. */
  pageSize?: number;
}

export interface JobPage {
  items: ListedJob[];
  next: string | null;
  /** False if older finished jobs, submitted up to `since`, may be missing. */
  complete: boolean;
  since: string | null;
}

export interface ReviewRequest {
  /** The run that was reviewed. */
  run: number;
  decision: 'approve' | 'reject' | 'tweak';
  /** What to change; with `tweak`. Default: the reasons of the flags. */
  instruction?: string;
  note?: string;
}

export interface UploadedReference {
  /** The digest of the stored image, for `references`. */
  artifact: string;
  mediaType: string;
  bytes: number;
}
