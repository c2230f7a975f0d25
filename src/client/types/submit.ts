// The body of a submit.

import type { Json, Kind, Priority } from './job.ts';
import type { WebhookRequest } from './webhook.ts';

export type Reference =
  | { artifact: string; caption?: string }
  /** An image of another task that this one waits for, such as `image`. */
  | { artifact: { task: string; name: string }; caption?: string }
  | {
      /** May be absent if the data has a `data:` prefix. */
      mediaType?: 'image/png' | 'image/jpeg' | 'image/webp';
      /** Base64. */
      data: string;
      caption?: string;
    };

export interface Input {
  prompt?: string;
  /** For kind `text`. */
  system?: string;
  /** JSON Schema of the answer; for kind `text`. */
  schema?: { [key: string]: Json };
  aspectRatio?: string;
  imageSize?: string;
  seed?: number;
  references?: Reference[];
  providerOptions?: { [key: string]: Json };
}

export interface TaskRequest {
  name?: string;
  /** Default: the job's. */
  kind?: Kind;
  model?: string;
  /** The names of the tasks that must succeed before this one is queued. Its texts may use `{{tasks.NAME.output}}`. */
  after?: string[];
  /** Each field replaces the job's field; `extraReferences` are appended to the job's references. */
  input?: Input & { extraReferences?: Reference[] };
  metadata?: Json;
}

/** Durations are strings such as `90s`, `5m` or `1h30m`. */
export interface PolicyRequest {
  attemptTimeout?: string;
  runTimeout?: string;
  queueTimeout?: string;
  reviewTimeout?: string;
  deadline?: string | null;
  maxAttempts?: number;
  maxLostAttempts?: number;
  /**
   * Which results a person must approve. `onFlag`: those that the check or the provider's safety ratings flag. Default: `never`;
   * `onFlag` if there is a check.
   */
  review?: 'never' | 'always' | 'onFlag';
  /** A model that looks at each result, and may flag it for review. */
  check?: ResultCheck;
  /** Delays between attempts; at least one of the two. Default: they spread the attempts over `runTimeout`. */
  backoff?: { initial?: string; max?: string };
  /** What a task does while its provider is out; default `wait`. */
  onOutage?: 'wait' | 'fail';
  /** What a task does while the budget of its pool or tenant is spent; default `wait`. */
  onBudget?: 'wait' | 'fail';
  /** Other models or pools, in order, for when the job's own cannot serve a task; each names a pool, a model or both. */
  fallback?: { pool?: string; model?: string }[];
  /** What moves a task to its next fallback; default all but `refusal`. */
  fallbackOn?: FallbackCause[];
}

export interface ResultCheck {
  /** A text model of the job's pool; default: its first one. */
  model?: string;
  /** What to look for in the result. */
  prompt: string;
  /** JSON Schema of the answer, with a required boolean `flagged` and optionally `reasons`, an array of strings. */
  schema?: { [key: string]: Json };
}

export type FallbackCause = 'outage' | 'quota' | 'retired' | 'timeout' | 'refusal';

export interface SubmitRequest {
  kind: Kind;
  pool?: string;
  priority?: Priority;
  model?: string;
  input?: Input;
  tasks?: TaskRequest[];
  policy?: PolicyRequest;
  labels?: Record<string, string>;
  metadata?: Json;
  /** Counts in the pool's limit of running tasks per group of a tenant; in the syntax of a Kubernetes label's value. */
  group?: string;
  /** Where the job's events go, signed as in Standard Webhooks. */
  webhook?: WebhookRequest;
  concurrencyKey?: string;
}
