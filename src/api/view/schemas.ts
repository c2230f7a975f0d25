// The schemas of the API's responses. The views are typed by them, and `/openapi.json` contains them.

import { z } from 'zod';
import { waitReasons } from '../../job/explain/observation.ts';
import { taskStates, type JsonValue } from '../../job/task.ts';
import { errorCodeSchema } from '../problem.ts';
import { warningSchema } from './warningSchema.ts';
import { webhook } from './webhookSchemas.ts';

const time = z.iso.datetime();
const count = z.int().min(0);
export const stateSchema = z.enum(taskStates).describe('Of a task; that of a job follows from its tasks.');
export const kindSchema = z.enum(['image', 'text']);
export const prioritySchema = z.enum(['high', 'normal', 'low']);
/** Not `z.json()`: that schema is recursive, which the OpenAPI document cannot express inline. */
export const json = z.custom<JsonValue>((value) => value !== undefined).describe('Any JSON.');

export const providerAnswerSchema = z.object({ status: z.int().optional(), code: z.string().optional() });

export const taskErrorSchema = z.object({
  code: errorCodeSchema,
  message: z.string(),
  retryable: z.boolean(),
  hint: z.string(),
  provider: providerAnswerSchema.nullable(),
});

export const flagSchema = z
  .object({
    source: z.enum(['check', 'safety']).describe("The job's check, or the provider's safety ratings."),
    reason: z.string(),
  })
  .describe('What speaks against a result.');

const flagsSchema = z.array(flagSchema).optional().describe('What speaks against the result; absent: nothing.');

export const artifactSchema = z.object({
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
export const attemptUsageSchema = z.object({ ...tokens, durationMs: z.number(), cost });

const paidCalls = z.int().min(0).describe('Calls that the provider bills, also those whose result could not be used.');
export const spentSchema = z.object({ ...tokens, cost, paidCalls });

export const taskUsageSchema = spentSchema
  .extend({ durationMs: z.number().nullable().describe('Of the call that produced the result.') })
  .describe('What all paid calls of the task used, over all attempts and runs.');

export const waitingForSchema = z
  .object({
    reason: z.enum(waitReasons),
    until: time.nullable().describe('When the wait ends or is checked next; null if that is unknown.'),
    detail: z.string(),
  })
  .describe('What an open task waits for.');

export const targetSchema = z.object({ pool: z.string(), model: z.string() });
export const usedTargetSchema = targetSchema.extend({ provider: z.string() });

/** Text such as `reading reference 3 of 14 from the artifact store`. */
export const phase = z.string().nullable();

export const taskSchema = z.object({
  index: count,
  name: z.string().nullable(),
  kind: kindSchema.optional().describe("Only of a task whose kind is not the job's."),
  model: z.string().optional().describe("Only of a task whose model is not the job's."),
  after: z.array(z.string()).optional().describe('The tasks that this one waits for, if any.'),
  state: stateSchema,
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
  used: usedTargetSchema.nullable().describe('What the last attempt with a call used.'),
  output: json.nullable(),
  usage: taskUsageSchema.nullable(),
  artifacts: z.array(artifactSchema),
  flags: flagsSchema,
});

export const traceSchemas = {
  traceId: z
    .string()
    .nullable()
    .describe('The trace in which the job was submitted (32 hexadecimal digits); null without one.'),
  traceUrl: z
    .string()
    .optional()
    .describe('The address of that trace; absent if it is not recorded, or the API has no GENWARDEN_TRACE_URL.'),
};

export const progressSchema = z.object({
  total: z.int().min(1),
  queued: count,
  running: count,
  waiting: count,
  needs_review: count,
  succeeded: count,
  failed: count,
  cancelled: count,
  fraction: z
    .number()
    .min(0)
    .max(1)
    .describe(
      'How much of the work has ended, running tasks by their progress. Failed and cancelled tasks have ended: what succeeded is `succeeded / total`.',
    ),
});

export const listedJobSchema = z.object({
  id: z.string(),
  tenant: z.string(),
  kind: kindSchema,
  pool: z.string(),
  model: z.string(),
  priority: prioritySchema,
  state: stateSchema,
  group: z.string().nullable().describe("For the pool's limit of running tasks per group."),
  submittedAt: time,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  deadlineAt: time.describe('The latest time at which the job will finish.'),
  expiresAt: time,
  progress: progressSchema,
  waitingFor: waitingForSchema.nullable().describe('Of the first waiting task; null while a task runs.'),
  awaitsReview: z.boolean().describe('The job waits for nothing but a reviewer.'),
  failureReason: z
    .string()
    .nullable()
    .describe(
      'Of the first failed task: a code of the error catalogue. A task that failed only because of another one is not the first. Null while none has failed.',
    ),
  usage: spentSchema.nullable().describe('Of all tasks; null before the first paid call.'),
  labels: z.record(z.string(), z.string()),
  prompt: z
    .string()
    .nullable()
    .describe(
      'How the prompt of the first task begins: at most 120 characters in one line, with an ellipsis if it is longer. Null if nothing of it is visible, and in jobs of earlier versions.',
    ),
  thumbnails: z
    .array(z.object({ task: count, href: z.string() }))
    .max(5)
    .describe(
      'Of the first image tasks with a result. An image of more than 20 megapixels has none: `href` answers 404.',
    ),
  ...traceSchemas,
});

export const jobSchema = listedJobSchema.extend({ metadata: json, webhook, tasks: z.array(taskSchema).optional() });

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

export const storedReferenceSchema = z.object({ artifact: z.string(), mediaType: z.string(), bytes: count });

export const historySchema = z.object({ items: z.array(transitionSchema), next: z.null() });

export type TaskView = z.infer<typeof taskSchema>;
export type ListedJobView = z.infer<typeof listedJobSchema>;
export type JobView = z.infer<typeof jobSchema>;
export type ArtifactView = z.infer<typeof artifactSchema>;
export type TaskErrorView = z.infer<typeof taskErrorSchema>;
export type TransitionView = z.infer<typeof transitionSchema>;
export type SpentView = z.infer<typeof spentSchema>;
export type WaitingForView = z.infer<typeof waitingForSchema>;
