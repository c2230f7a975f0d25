// The schemas of explanations.

import { z } from 'zod';
import { causes } from '../../job/explain/observation.ts';
import { lanes } from '../../job/task.ts';
import { lanesSchema } from './poolSchemas.ts';
import { stateSchema, taskErrorSchema, traceSchemas } from './schemas.ts';
import { webhookStatusSchema } from './webhookSchemas.ts';

const time = z.iso.datetime();
const count = z.int().min(0);
const ms = z.number().describe('ms');

export const nextStepSchema = z.object({
  at: time,
  rule: z.string().describe('The rule that acts then: the code of the failure, or RetryDue.'),
  says: z.string(),
});

export const queuePlaceSchema = z.object({
  lane: z.enum(lanes),
  ahead: count.describe('Tasks of its lane that are ahead of it.'),
  aheadRequeued: count,
  before: count.describe('Tasks of all lanes that are served before it.'),
  startsInMs: ms.nullable().describe('An estimate, ms from now; null if nothing is known.'),
});

export const runningWorkerSchema = z.object({
  name: z.string(),
  lastBeatMsAgo: ms.nullable(),
  draining: z.boolean(),
  progress: z.number(),
});

export const explainedTaskSchema = z.object({
  job: z.string(),
  task: count.describe('The index of the task.'),
  name: z.string().nullable(),
  pool: z.string(),
  state: stateSchema,
  reason: z.string(),
  run: z.int(),
  attempt: count,
  sequence: z.int().describe("The task's last message; pass it to POST /v1/stuck/fix."),
  since: time,
  sinceMs: ms,
  cause: z.enum(causes).describe('The main reason why the task is in its state.'),
  summary: z.string().describe('One sentence about the cause.'),
  details: z.array(z.string()),
  advice: z.array(z.string()).describe('What a person can do; empty if nothing needs doing.'),
  dueAt: time.nullable(),
  retryAt: time.nullable(),
  next: z.array(nextStepSchema).describe('What happens without intervention, soonest first.'),
  budgetsLeft: z.object({ queue: ms, run: ms, review: ms }).nullable(),
  queue: queuePlaceSchema.nullable().describe('For a queued task: its place in the queue.'),
  worker: runningWorkerSchema
    .nullable()
    .describe('The worker that runs the task; `lastBeatMsAgo` is null if no heartbeat was received.'),
  error: taskErrorSchema.nullable(),
});

export const observedKeySchema = z.object({
  fingerprint: z.string(),
  state: z.enum(['ready', 'cooling', 'busy', 'refused']),
  until: time.nullable(),
  cause: z.string().nullable(),
});

export const observedPoolSchema = z.object({
  name: z.string(),
  lanes: lanesSchema.describe('Queued tasks.'),
  workers: count,
  draining: count,
  slots: z.object({ total: count, free: count }),
  keys: z.array(observedKeySchema).nullable(),
  paused: z.boolean(),
  pausedUntil: time.nullable(),
  lastClaimAt: time.nullable(),
});

export const explainedJobSchema = z.object({
  id: z.string(),
  state: stateSchema,
  summary: z.string(),
  deadlineAt: time,
  pool: observedPoolSchema,
  webhook: webhookStatusSchema.nullable().describe('Null for a job without a webhook.'),
  tasks: z.array(explainedTaskSchema).describe('Open tasks first.'),
  ...traceSchemas,
});

export const stuckTaskSchema = explainedTaskSchema.extend({ tenant: z.string(), overdue: z.boolean() });

export const searchedSchema = z.object({
  tenant: z.string().nullable().describe('Whose tasks were looked at; null: those of all tenants.'),
  openTasks: count.describe('The open tasks that were looked at.'),
  jobs: count.describe('The jobs that the API knows, open and finished.'),
  jobState: stateSchema.nullable().describe('Of the job that `jobId` names; null without one.'),
  sequence: count.describe('Every message of the stream up to this one was considered.'),
  at: time.describe('When that was the last message.'),
  ageMs: ms.describe('How long ago that was when the API answered, ms.'),
  complete: z
    .boolean()
    .describe(
      'False while the stream has messages of a newer version, which this API cannot read: their tasks are missing.',
    ),
  leader: z.string().nullable().describe('The controller that leads; null: none does, so nothing moves overdue tasks.'),
});

export const stuckListSchema = z.object({
  items: z.array(stuckTaskSchema).describe('At most 500, longest stuck first.'),
  next: z.null(),
  total: count,
  pools: z.array(observedPoolSchema),
  searched: searchedSchema,
});

export const fixedTaskSchema = z.object({
  job: z.string(),
  task: count,
  outcome: z.enum(['failed', 'changed', 'notFound']),
});

export const fixedListSchema = z.object({ items: z.array(fixedTaskSchema), next: z.null() });

export type SearchedView = z.infer<typeof searchedSchema>;
export type ExplainedTaskView = z.infer<typeof explainedTaskSchema>;
export type ExplainedJobView = z.infer<typeof explainedJobSchema>;
export type ObservedPoolView = z.infer<typeof observedPoolSchema>;
