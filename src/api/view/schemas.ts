// The schemas of the API's responses. The views are typed by them, and `/openapi.json` contains them.

import { z } from 'zod';
import { waitReasons } from '../../job/explain/observation.ts';
import { taskStates, type JsonValue } from '../../job/task.ts';
import { warningSchema } from './warningSchema.ts';

const time = z.iso.datetime();
const state = z.enum(taskStates as readonly ['queued', ...string[]]);
const count = z.int().min(0);
const kind = z.enum(['image', 'text']);
/** Not `z.json()`: that schema is recursive, which the OpenAPI document cannot express inline. */
const json = z.custom<JsonValue>((value) => value !== undefined).describe('Any JSON.');

export const taskErrorSchema = z.object({
  code: z.string().describe('A code of the error catalogue.'),
  message: z.string(),
  retryable: z.boolean(),
  hint: z.string(),
  provider: z.object({ status: z.int().optional(), code: z.string().optional() }).nullable(),
});

const flagsSchema = z
  .array(
    z.object({
      source: z.enum(['check', 'safety']).describe("The job's check, or the provider's safety ratings."),
      reason: z.string(),
    }),
  )
  .optional()
  .describe('What speaks against the result; absent: nothing.');

const artifactSchema = z.object({
  name: z.string(),
  mediaType: z.string(),
  bytes: count,
  digest: z.string(),
  path: z.string().optional().describe('Where an S3 artifact store keeps the bytes.'),
  width: count.optional(),
  height: count.optional(),
  href: z.string(),
});

const cost = z.number().optional().describe("In the unit of the pools' prices; absent without prices.");
const tokens = { inputTokens: count, outputTokens: count };

/** What one attempt used. */
const attemptUsageSchema = z.object({ ...tokens, durationMs: z.number(), cost });

const paidCalls = z.int().min(0).describe('Calls that the provider bills, also those whose result could not be used.');
const spentSchema = z.object({ ...tokens, cost, paidCalls });

const taskUsageSchema = spentSchema
  .extend({ durationMs: z.number().nullable().describe('Of the call that produced the result.') })
  .describe('What all paid calls of the task used, over all attempts and runs.');

export const waitingForSchema = z
  .object({
    reason: z.enum(waitReasons),
    until: time.nullable().describe('When the wait ends or is checked next; null if that is unknown.'),
    detail: z.string(),
  })
  .describe('What an open task waits for.');

const targetSchema = z.object({ pool: z.string(), model: z.string() });

/** Text such as `reading reference 3 of 14 from the artifact store`. */
const phase = z.string().nullable();

export const taskSchema = z.object({
  index: count,
  name: z.string().nullable(),
  kind: kind.optional().describe("Only of a task whose kind is not the job's."),
  model: z.string().optional().describe("Only of a task whose model is not the job's."),
  after: z.array(z.string()).optional().describe('The tasks that this one waits for, if any.'),
  state,
  run: z.int().min(1),
  attempt: count,
  progress: z.number().min(0).max(1),
  phase: phase.describe('What the worker does for a running task.'),
  metadata: json,
  queuedAt: time,
  startedAt: time.nullable(),
  completedAt: time.nullable(),
  failedAt: time.nullable(),
  dueAt: time.nullable().describe('The time by which an open task must change its state.'),
  retryAt: time.nullable(),
  reason: z.string(),
  message: z.string(),
  error: taskErrorSchema.nullable(),
  waitingFor: waitingForSchema.nullable(),
  worker: z.string().nullable(),
  target: targetSchema
    .nullable()
    .describe('Where an open task runs or waits to run; differs from the job after a fallback.'),
  used: targetSchema.extend({ provider: z.string() }).nullable().describe('What the last attempt with a call used.'),
  output: json.nullable(),
  usage: taskUsageSchema.nullable(),
  artifacts: z.array(artifactSchema),
  flags: flagsSchema,
});

const progressSchema = z.object({
  total: z.int().min(1),
  queued: count,
  running: count,
  waiting: count,
  needs_review: count,
  succeeded: count,
  failed: count,
  cancelled: count,
  fraction: z.number().min(0).max(1),
});

export const listedJobSchema = z.object({
  id: z.string(),
  tenant: z.string(),
  kind,
  pool: z.string(),
  model: z.string(),
  priority: z.enum(['high', 'normal', 'low']),
  state,
  group: z.string().nullable().describe("For the pool's limit of running tasks per group."),
  submittedAt: time,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  deadlineAt: time.describe('The latest time at which the job will finish.'),
  expiresAt: time,
  progress: progressSchema,
  waitingFor: waitingForSchema.nullable().describe('Of the first waiting task; null while a task runs.'),
  awaitsReview: z.boolean().describe('The job waits for nothing but a reviewer.'),
  usage: spentSchema.nullable().describe('Of all tasks; null before the first paid call.'),
  labels: z.record(z.string(), z.string()),
});

export const jobSchema = listedJobSchema.extend({ metadata: json, tasks: z.array(taskSchema).optional() });

export const submittedJobSchema = jobSchema.extend({
  warnings: z.array(warningSchema).describe('Why the job may start late or never; empty for most jobs.'),
});

export const jobListSchema = z.object({
  items: z.array(listedJobSchema),
  next: z.string().nullable(),
  complete: z.boolean().describe('False if finished jobs submitted up to `since` may be missing.'),
  since: time.nullable(),
});

export const transitionSchema = z.object({
  sequence: z.int(),
  at: time,
  task: count,
  name: z.string().nullable(),
  run: z.int(),
  attempt: count,
  attemptsLost: count,
  state: z.enum([...taskStates, 'deleted']),
  reason: z.string(),
  message: z.string(),
  worker: z.string().nullable(),
  lane: z.string().nullable(),
  dueAt: time.nullable(),
  retryAt: time.nullable(),
  error: taskErrorSchema.nullable(),
  usage: attemptUsageSchema.nullable(),
  artifacts: z.array(artifactSchema),
  flags: flagsSchema,
});

export const historySchema = z.object({ items: z.array(transitionSchema), next: z.null() });

export const workerSchema = z.object({
  name: z.string(),
  pool: z.string(),
  host: z.string(),
  pid: z.int(),
  version: z.string(),
  startedAt: time,
  lastBeat: time,
  draining: z.boolean(),
  slots: z.object({ total: count, busy: count, leaked: count }),
  tasks: z.array(
    z.object({
      job: z.string(),
      task: count,
      progress: z.number(),
      phase: phase.describe('What it does for the task.'),
      waited: z.number().nullable().describe('How long the provider has had the call, ms.'),
      usual: z
        .object({ p50: z.number(), p95: z.number() })
        .nullable()
        .describe('How long calls of this model usually take on this worker, ms.'),
    }),
  ),
  eventLoopLag: z.number().describe('ms'),
  memory: z.number().describe('bytes'),
  attemptMemory: z
    .object({ used: z.number(), limit: z.number() })
    .nullable()
    .describe('what attempts have taken of the memory that they may use, bytes; null for older workers'),
});

export const workerListSchema = z.object({ items: z.array(workerSchema), next: z.null() });

export const poolSchema = z.object({
  name: z.string(),
  provider: z.string(),
  models: z.object({ image: z.array(z.string()), text: z.array(z.string()) }),
  providerOptions: z.array(z.string()).nullable().describe('The input.providerOptions that jobs may set; null: any.'),
  depth: z
    .object({ again: count, high: count, normal: count, low: count, guest: count })
    .describe('Tasks not yet delivered to a worker, by lane.'),
  unacknowledged: count,
  queued: count,
  running: count,
  waiting: count,
  needsReview: count,
  oldestQueuedAt: time.nullable(),
  paused: z.boolean(),
  pausedUntil: time.nullable().describe('Null also while the pool is paused without an end.'),
  workers: count,
  keys: z.array(
    z.object({
      fingerprint: z.string(),
      state: z.enum(['ready', 'cooling', 'busy', 'refused']),
      until: time.nullable(),
      cause: z.string().nullable(),
      inFlight: count,
      requestsPerMinute: z.number(),
      message: z.string().describe("The provider's words, or empty."),
      models: z
        .array(
          z.object({
            model: z.string(),
            state: z.enum(['cooling', 'exhausted', 'noQuota', 'refused']),
            until: time,
            cause: z.string(),
          }),
        )
        .describe('The models for which the key is not usable at present.'),
    }),
  ),
  outages: z
    .array(
      z.object({
        model: z.string(),
        state: z.enum(['open', 'probing']),
        since: time,
        until: time.describe('The next probe, or the latest end of the one that runs.'),
        status: z.int().nullable().describe("The provider's last HTTP status."),
        message: z.string(),
        failures: count,
      }),
    )
    .describe('Models whose provider fails for every task.'),
  spending: z
    .array(
      z.object({
        tenant: z.string().nullable().describe("Null for the pool's total."),
        day: z.number(),
        month: z.number(),
        limits: z.object({ day: z.number().optional(), month: z.number().optional() }),
        dayEndsAt: time,
        monthEndsAt: time,
      }),
    )
    .describe("What calls cost in this UTC day and month: of the pool, and of the caller's tenant."),
  tenants: z
    .array(
      z.object({
        tenant: z.string(),
        queued: count,
        running: count,
        limit: z.int().nullable().describe('The most tasks of it that may run; null: no limit.'),
        weight: z.number().describe('Its share of the starts, compared with other tenants that queue.'),
      }),
    )
    .describe("The caller's tenant, if it has tasks here; for an administrator the 20 with most of them."),
  groupLimit: z.int().nullable().describe('The most tasks of each group of a tenant that may run; null: no limit.'),
});

export const pausedPoolSchema = poolSchema.extend({
  firstQueueTimeoutAt: time
    .nullable()
    .describe('When the first queued task fails if the pool stays paused; null if no task is queued.'),
});

export const poolListSchema = z.object({ items: z.array(poolSchema), next: z.null() });

export type TaskView = z.infer<typeof taskSchema>;
export type ListedJobView = z.infer<typeof listedJobSchema>;
export type JobView = z.infer<typeof jobSchema>;
export type ArtifactView = z.infer<typeof artifactSchema>;
export type TaskErrorView = z.infer<typeof taskErrorSchema>;
export type TransitionView = z.infer<typeof transitionSchema>;
export type WorkerView = z.infer<typeof workerSchema>;
export type SpentView = z.infer<typeof spentSchema>;
export type WaitingForView = z.infer<typeof waitingForSchema>;
export type PoolView = z.infer<typeof poolSchema>;
