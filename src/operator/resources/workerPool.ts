// WorkerPool: a queue, its provider, models, keys and limits, and the workers that serve it.

import { z } from 'zod';
import { submitBody } from '../../jobs/submit/body.ts';
import type { KubeObject } from '../../ports/kubernetes.ts';
import { durationText } from '../../jobs/submit/durationText.ts';
import { conditions } from './conditions.ts';
import { parseSpec, type Parsed } from './kinds.ts';
import { objectName, podTemplate } from './podTemplate.ts';

const mostWorkers = 1_000;

const modelNames = (what: string) => z.array(z.string().min(1).max(128)).max(32).optional().describe(what);

const models = z
  .strictObject({ image: modelNames('Models that make images.'), text: modelNames('Models that write text.') })
  .refine(({ image = [], text = [] }) => image.length + text.length > 0, 'must name a model')
  .describe('What the pool offers, the default of each kind first.');

const key = z.strictObject({
  secretKeyRef: z
    .strictObject({
      name: objectName.describe("A Secret in the pool's namespace."),
      key: z
        .string()
        .min(1)
        .max(253)
        .regex(/^[-._a-zA-Z0-9]+$/, 'is not a key of a Secret')
        .describe('The entry that holds one API key.'),
    })
    .describe('Where the API key is.'),
  requestsPerMinute: z
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe("Across all workers; default: the installation's."),
  maxInFlight: z.int().min(1).max(10_000).optional().describe("Across all workers; default: the installation's."),
});

const autoscaling = z
  .strictObject({
    minReplicas: z.int().min(0).max(mostWorkers).default(1).describe('0: no worker while there is nothing to do.'),
    maxReplicas: z.int().min(1).max(mostWorkers).describe('However long the queue is.'),
    targetQueueTime: durationText(
      { least: 1_000, most: 86_400_000 },
      'How long a task may wait for a worker; a queue that takes longer asks for more of them',
    ).default('30s'),
  })
  .refine(({ minReplicas, maxReplicas }) => minReplicas <= maxReplicas, {
    path: ['minReplicas'],
    message: 'is more than maxReplicas',
  });

const namespaceName = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'is not the name of a namespace');

export const workerPoolSpec = z
  .strictObject({
    provider: z.enum(['gemini']).default('gemini').describe('Who runs the models.'),
    models,
    baseUrl: z
      .url({ protocol: /^https?$/ })
      .max(2_048)
      .optional()
      .describe("Points the provider's SDK elsewhere."),
    apiVersion: z.string().min(1).max(32).optional().describe("The version of the provider's API."),
    keys: z.array(key).max(32).default([]).describe('API keys; without one the tasks stay queued.'),
    concurrency: z.int().min(1).max(1_000).default(4).describe('Tasks that each worker runs at the same time.'),
    paused: z.boolean().default(false).describe('Hands no task to a worker; what runs goes on.'),
    policy: submitBody.shape.policy
      .unwrap()
      .omit({ deadline: true })
      .optional()
      .describe("The pool's defaults for the policy of jobs."),
    replicas: z
      .int()
      .min(0)
      .max(mostWorkers)
      .default(1)
      .describe('How many workers; ignored while autoscaling is set. kubectl scale writes it.'),
    autoscaling: autoscaling.optional().describe('Lets the operator choose how many workers there are.'),
    allowedNamespaces: z
      .array(namespaceName)
      .min(1)
      .max(64)
      .refine((all) => new Set(all).size === all.length, 'names a namespace twice')
      .meta({ 'x-kubernetes-list-type': 'set' })
      .optional()
      .describe('The only tenants that may use the pool; absent: all.'),
    template: podTemplate.optional(),
  })
  .describe("The pool; its name is the resource's.");

const workers = z.int().min(0).optional();
const tasks = z.int().min(0).optional();

export const workerPoolStatus = z
  .strictObject({
    observedGeneration: z
      .int()
      .min(0)
      .optional()
      .describe('The generation of the spec that the operator has observed.'),
    replicas: workers.describe('Workers that exist.'),
    readyReplicas: workers.describe('Workers that can take tasks.'),
    desiredReplicas: workers.describe('Workers that there should be.'),
    ready: z.string().max(16).optional().describe('Ready workers of those that there should be, such as 2/3.'),
    selector: z.string().max(512).optional().describe("Selects the workers' pods; for kubectl scale and the like."),
    queued: tasks.describe('Tasks that wait for a worker.'),
    running: tasks.describe('Tasks that run.'),
    oldestQueuedTime: z.iso.datetime().optional().describe('Since when the oldest queued task waits.'),
    conditions: conditions.optional(),
  })
  .describe('What the operator saw last.');

export type WorkerPoolSpec = z.output<typeof workerPoolSpec>;
export type WorkerPoolStatus = z.output<typeof workerPoolStatus>;
export type WorkerPool = KubeObject<WorkerPoolSpec, WorkerPoolStatus>;

export const parseWorkerPool = (object: Pick<KubeObject, 'spec'>): Parsed<WorkerPoolSpec> =>
  parseSpec(workerPoolSpec, object);
