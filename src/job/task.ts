// The types of a task: its identity, which never changes; its state, which is the last message of its log; and the details
// that only readers of its job need. States are a closed union, and every open state carries `dueAt`.

import type { TaskError, TaskErrorCode } from './errors/index.ts';
import type { TaskIdentity } from './identity.ts';
import type { JsonObject, JsonValue } from './jsonValue.ts';
import type { Lane } from './lanes.ts';
import type { Flag, ResultCheck } from './resultCheck.ts';
import type { Instant } from './time.ts';

export type { TaskIdentity } from './identity.ts';
export type { JsonObject, JsonValue } from './jsonValue.ts';
export { lanes, type Lane, type Priority } from './lanes.ts';
export type { Instant, Sequence } from './time.ts';

/** The time left of a run's budgets, ms, when the state was entered. */
export interface Budgets {
  readonly queue: number;
  readonly run: number;
  readonly review: number;
}

/** What the task's paid calls have used so far, over all attempts and runs. */
export interface Spent {
  /** Calls that the provider answered or that were aborted after they had been sent: both are billed. */
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** In the currency of the pool's prices; absent while no used pool has prices. */
  readonly cost?: number;
}

/** The fields of every state. */
export interface TaskBase {
  readonly of: TaskIdentity;
  /** Which target the task uses in this run: absent or 0 for its own pool and model, n for `of.policy.fallback[n - 1]`. */
  readonly target?: number;
  readonly spent?: Spent;
  /** The span id of the task's latest attempt, in the trace of `of.trace`; absent while no attempt was traced. */
  readonly attemptSpan?: string;
  /** The tenant part of its priority's lane in which the run was queued; absent: the lane itself. See `parts.ts`. */
  readonly part?: number;
  /** 1 for the first run; each retry or tweak by a person starts the next. */
  readonly run: number;
  /** Attempts of this run that count, including the current one. */
  readonly attempt: number;
  /** Attempts of this run whose worker was lost. */
  readonly attemptsLost: number;
  readonly budgets: Budgets;
  /** When this state was entered. */
  readonly since: Instant;
  /** When this run was first queued. */
  readonly queuedAt: Instant;
  /** When this run's latest attempt started, or null. */
  readonly startedAt: Instant | null;
  /** Why the task is in this state, in CamelCase; for a failure, the error's code. */
  readonly reason: Reason;
}

export type Reason =
  | TaskErrorCode
  | 'Submitted'
  | 'Retried'
  | 'Tweaked'
  | 'RetryDue'
  | 'AwaitingTasks'
  | 'DependenciesMet'
  | 'FellBack'
  | 'Claimed'
  | 'Succeeded'
  | 'AwaitingReview'
  | 'Flagged'
  | 'CheckFailed'
  | 'Approved'
  | 'Cancelled'
  | 'Deleted';

interface Open extends TaskBase {
  /** The time by which this state must change. */
  readonly dueAt: Instant;
}

export interface Queued extends Open {
  readonly state: 'queued';
  readonly lane: Lane;
}

export interface Running extends Open {
  readonly state: 'running';
  readonly worker: string;
  /** The number of the worker's first heartbeat that lists this task. */
  readonly beat: number;
  readonly startedAt: Instant;
}

export interface Waiting extends Open {
  readonly state: 'waiting';
  readonly retryAt: Instant;
}

/** Waits for the tasks in `of.after`, and has the whole budgets of its run. `dueAt`: by then they have ended. */
export interface Held extends Open {
  readonly state: 'waiting';
  readonly reason: 'AwaitingTasks';
  readonly retryAt: null;
}

export interface NeedsReview extends Open {
  readonly state: 'needs_review';
  readonly worker: string;
}

interface Terminal extends TaskBase {
  readonly finishedAt: Instant;
}

export interface Succeeded extends Terminal {
  readonly state: 'succeeded';
  readonly worker: string;
}

export interface Failed extends Terminal {
  readonly state: 'failed';
  readonly worker: string | null;
}

export interface Cancelled extends Terminal {
  readonly state: 'cancelled';
  readonly worker: string | null;
}

/** The tombstone of a task whose job was deleted. Readers treat the job as nonexistent. */
export interface Deleted extends Terminal {
  readonly state: 'deleted';
}

export type OpenTask = Queued | Running | Waiting | Held | NeedsReview;
export type TerminalTask = Succeeded | Failed | Cancelled;
export type TaskState = OpenTask | TerminalTask | Deleted;
export type TaskStateName = Exclude<TaskState['state'], 'deleted'>;

export const openStates = ['queued', 'running', 'waiting', 'needs_review'] as const;
export const taskStates: readonly TaskStateName[] = [...openStates, 'succeeded', 'failed', 'cancelled'];

export function isOpen(task: TaskState): task is OpenTask {
  return (
    task.state === 'queued' || task.state === 'running' || task.state === 'waiting' || task.state === 'needs_review'
  );
}

/** Whether the task waits for other tasks. A waiting task that is not held waits for its next attempt. */
export function isHeld(task: TaskState): task is Held {
  return task.state === 'waiting' && task.retryAt === null;
}

/** A reference to stored bytes; `digest` is `sha256:` and 64 hexadecimal digits. */
export interface ArtifactRef {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: number;
  readonly digest: string;
  /** Where an S3 store keeps the bytes; absent in an object store of NATS. */
  readonly path?: string;
  readonly width?: number;
  readonly height?: number;
}

export interface ReferenceImage {
  readonly artifact: string;
  readonly mediaType: string;
  /** The stored size; absent in jobs of earlier versions. */
  readonly bytes?: number;
  readonly caption?: string;
}

/** An artifact of another task of the job, known once that task has succeeded. */
export interface ResultReference {
  readonly artifact: { readonly task: string; readonly name: string };
  readonly caption?: string;
}

export type Reference = ReferenceImage | ResultReference;

/** Of a prompt, and of a system instruction. */
export const maxTextBytes = 32 * 1024;
export const maxReferences = 14; // Per task.

/**
 * The input of the model. References are stored artifacts, so that bytes never reach the queue. In a task with `after` the
 * texts are templates, and references may name results of other tasks; the worker replaces both.
 */
export interface TaskInput {
  readonly prompt: string;
  readonly system?: string;
  readonly schema?: JsonObject;
  readonly aspectRatio?: string;
  readonly imageSize?: string;
  readonly seed?: number;
  readonly references?: readonly Reference[];
  readonly providerOptions?: JsonObject;
}

/** The body of a spec: the input, and metadata that is returned to readers of the job. */
export interface TaskRequest {
  readonly input: TaskInput;
  readonly metadata: JsonValue;
  readonly jobMetadata: JsonValue;
  /** `sha256:…` of the submitted body, to distinguish a replay from a reused idempotency key. */
  readonly digest: string;
  readonly concurrencyKey: string | null;
  /** The check of each result; absent: none. */
  readonly check?: ResultCheck;
  /** What tweaks have added to the prompt; absent before the first tweak. */
  readonly tweaked?: Tweaked;
  /** The names of the tasks in `of.after`, in that order. */
  readonly after?: readonly string[];
  readonly webhook?: { readonly url: string };
}

export interface Tweaked {
  /** The prompt before the first tweak. */
  readonly prompt: string;
  /** The instructions so far, oldest first. */
  readonly instructions: readonly string[];
}

export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly durationMs: number;
  /** What this attempt cost, if the pool has prices. */
  readonly cost?: number;
}

/** What produced a result. */
export interface Used {
  readonly pool: string;
  readonly provider: string;
  readonly model: string;
}

/** The body of a message: what readers of the task need besides its state. */
export interface TaskDetail {
  /** One sentence for a person: why the task is in this state. */
  readonly message: string;
  readonly error?: TaskError;
  readonly artifacts?: readonly ArtifactRef[];
  readonly output?: JsonValue;
  readonly usage?: Usage;
  /** Present in the status of a finished attempt whose call was sent. */
  readonly used?: Used;
  /** What speaks against the result; absent: nothing. */
  readonly flags?: readonly Flag[];
  /** Present in specs, and only there. */
  readonly request?: TaskRequest;
}

export interface SpecWrite<State extends Queued | Held = Queued | Held> {
  readonly state: State;
  readonly detail: TaskDetail & { readonly request: TaskRequest };
}

export interface StatusWrite {
  readonly state: Exclude<TaskState, Queued | Held>;
  readonly detail: TaskDetail;
}

/** One message to be appended to a task's log. */
export type TaskWrite = SpecWrite | StatusWrite;
