// The schemas of pools and workers.

import { z } from 'zod';
import { phase } from './schemas.ts';

const time = z.iso.datetime();
const count = z.int().min(0);

/** Tasks by the lane of the queue. */
export const lanesSchema = z.object({ again: count, high: count, normal: count, low: count, guest: count });

export const workerTaskSchema = z.object({
  job: z.string(),
  task: count,
  progress: z.number(),
  phase: phase.describe('What it does for the task.'),
  waited: z.number().nullable().describe('How long the provider has had the call, ms.'),
  usual: z
    .object({ p50: z.number(), p95: z.number() })
    .nullable()
    .describe('How long calls of this model usually take on this worker, ms.'),
});

export const workerSchema = z.object({
  name: z.string(),
  pool: z.string(),
  host: z.string(),
  pid: z.int(),
  version: z.string(),
  startedAt: time,
  lastBeat: time,
  draining: z.boolean(),
  state: z
    .enum(['live', 'draining', 'stopped', 'lost'])
    .describe(
      '`stopped`: it has ended. `lost`: no heartbeat has arrived for the heartbeat timeout. Both are shown for a minute.',
    ),
  slots: z.object({ total: count, busy: count, leaked: count }),
  tasks: z.array(workerTaskSchema),
  eventLoopLag: z.number().describe('ms'),
  memory: z.number().describe('bytes'),
  attemptMemory: z
    .object({ used: z.number(), limit: z.number() })
    .nullable()
    .describe('what attempts have taken of the memory that they may use, bytes; null for older workers'),
});

export const workerListSchema = z.object({ items: z.array(workerSchema), next: z.null() });

export const keyModelSchema = z.object({
  model: z.string(),
  state: z.enum(['cooling', 'exhausted', 'noQuota', 'refused']),
  until: time,
  cause: z.string(),
});

export const poolKeySchema = z.object({
  fingerprint: z.string(),
  state: z.enum(['ready', 'cooling', 'busy', 'refused']),
  until: time.nullable(),
  cause: z.string().nullable(),
  inFlight: count,
  requestsPerMinute: z.number().describe('Its limit.'),
  callsLastMinute: count.describe(
    'Calls of the last 60 s by all workers: requests that they sent with it, or reserved to send next.',
  ),
  message: z.string().describe("The provider's words, or empty."),
  models: z.array(keyModelSchema).describe('The models for which the key is not usable at present.'),
});

export const outageSchema = z.object({
  model: z.string(),
  state: z.enum(['open', 'probing']),
  since: time,
  until: time.describe('The next probe, or the latest end of the one that runs.'),
  status: z.int().nullable().describe("The provider's last HTTP status."),
  message: z.string(),
  failures: count,
});

export const spendingSchema = z.object({
  tenant: z.string().nullable().describe("Null for the pool's total."),
  day: z.number(),
  month: z.number(),
  limits: z.object({ day: z.number().optional(), month: z.number().optional() }),
  dayEndsAt: time,
  monthEndsAt: time,
});

export const poolTenantSchema = z.object({
  tenant: z.string(),
  queued: count,
  running: count,
  limit: z.int().nullable().describe('The most tasks of it that may run; null: no limit.'),
  weight: z.number().describe('Its share of the starts, compared with other tenants that queue.'),
});

const modelLimitsSchema = z.object({
  references: count.describe('Reference images of a task.'),
  referenceBytes: count.describe('One reference image, bytes.'),
  totalReferenceBytes: count.describe('All reference images of a task together, bytes.'),
  aspectRatios: z.array(z.string()).nullable().describe('Null: any, for a model that Genwarden does not know.'),
  imageSizes: z.array(z.string()).nullable().describe('Null: any, for a model that Genwarden does not know.'),
  lacks: z.array(z.string()).describe('Fields of the input that the model does not take, such as seed.'),
});

export const poolSchema = z.object({
  name: z.string(),
  provider: z.string(),
  models: z.object({ image: z.array(z.string()), text: z.array(z.string()) }),
  modelLimits: z.record(z.string(), modelLimitsSchema).describe('What a task of each model may ask for.'),
  providerOptions: z.array(z.string()).nullable().describe('The input.providerOptions that jobs may set; null: any.'),
  depth: lanesSchema.describe('Tasks not yet delivered to a worker, by lane.'),
  unacknowledged: count,
  queued: count,
  running: count,
  waiting: count,
  needsReview: count,
  oldestQueuedAt: time.nullable(),
  paused: z.boolean(),
  pausedUntil: time.nullable().describe('Null also while the pool is paused without an end.'),
  pausedBy: z
    .enum(['spec', 'api'])
    .nullable()
    .describe(
      'Who ends the pause: `spec` is spec.paused of its WorkerPool, and pause and resume answer 409; `api` is a call of pause.',
    ),
  managed: z
    .object({ kind: z.enum(['WorkerPool']), namespace: z.string(), name: z.string() })
    .nullable()
    .describe('The resource in Kubernetes that sets everything of the pool but a pause; null: its workers set it.'),
  workers: count,
  standIn: z
    .boolean()
    .describe("A stand-in answers the calls of at least one worker: the results are not the provider's."),
  keys: z.array(poolKeySchema),
  outages: z.array(outageSchema).describe('Models whose provider fails for every task.'),
  spending: z
    .array(spendingSchema)
    .describe("What calls cost in this UTC day and month: of the pool, and of the caller's tenant."),
  tenants: z
    .array(poolTenantSchema)
    .describe("The caller's tenant, if it has tasks here; for an administrator the 20 with most of them."),
  groupLimit: z.int().nullable().describe('The most tasks of each group of a tenant that may run; null: no limit.'),
});

export const pausedPoolSchema = poolSchema.extend({
  firstQueueTimeoutAt: time
    .nullable()
    .describe('When the first queued task fails if the pool stays paused; null if no task is queued.'),
});

export const poolListSchema = z.object({ items: z.array(poolSchema), next: z.null() });

export type WorkerView = z.infer<typeof workerSchema>;
export type PoolView = z.infer<typeof poolSchema>;
