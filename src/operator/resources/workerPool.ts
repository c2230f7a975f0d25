// WorkerPool: a queue with its provider, models, keys and limits, and the workers that serve it.

import { z } from 'zod';
import { providerNames } from '../../job/providers.ts';
import { checkPrices } from '../../config/poolMoney.ts';
import { limitsSchema, weightsSchema } from '../../config/poolShares.ts';
import { checkProviderOptions, providerOptionsSchema } from '../../config/poolOptions.ts';
import { submitBody } from '../../jobs/submit/body.ts';
import type { KubeObject } from '../../ports/kubernetes.ts';
import { durationText } from '../../jobs/submit/durationText.ts';
import { conditions, observedGeneration } from './conditions.ts';
import { parseSpec, type Parsed } from './kinds.ts';
import { objectName, podTemplate } from './podTemplate.ts';

const mostWorkers = 1_000;

const modelNames = (what: string) => z.array(z.string().min(1).max(128)).max(32).optional().describe(what);

const models = z
  .strictObject({ image: modelNames('Models that generate images.'), text: modelNames('Models that generate text.') })
  .refine(({ image = [], text = [] }) => image.length + text.length > 0, 'must name a model')
  .describe('The models of the pool; the first of each kind is the default.');

const key = z.strictObject({
  secretKeyRef: z
    .strictObject({
      name: objectName.describe("A Secret in the pool's namespace."),
      key: z
        .string()
        .min(1)
        .max(253)
        .regex(/^[-._a-zA-Z0-9]+$/, 'is not a key of a Secret')
        .describe('The key of the Secret whose value is one API key.'),
    })
    .describe('The Secret that contains the API key.'),
  requestsPerMinute: z
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe('Limit across all workers. Default: the setting of the installation.'),
  maxInFlight: z
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe('Limit across all workers. Default: the setting of the installation.'),
});

const price = (per: string) => z.number().min(0).max(1_000_000).exactOptional().describe(`Per ${per}.`);

const prices = z
  .record(
    z.string().min(1).max(128),
    z
      .strictObject({
        input: price('million input tokens'),
        output: price('million output tokens'),
        image: price('image'),
      })
      .refine(
        ({ input, output, image }) => (input ?? output ?? image) !== undefined,
        'must have input, output or image',
      )
      .meta({ minProperties: 1 }),
  )
  .refine((all) => Object.keys(all).length <= 64, 'has more than 64 models')
  .meta({ maxProperties: 64 });

const budget = (what: string) => z.number().positive().max(1_000_000_000).exactOptional().describe(`${what}.`);

const budgets = z
  .strictObject({
    day: budget('The most that the pool may spend in a UTC day'),
    month: budget('The most that the pool may spend in a UTC month'),
    tenantDay: budget('The most that each tenant may spend in a UTC day'),
    tenantMonth: budget('The most that each tenant may spend in a UTC month'),
  })
  .refine((all) => Object.keys(all).length > 0, 'must have day, month, tenantDay or tenantMonth')
  .meta({ minProperties: 1 });

const autoscaling = z
  .strictObject({
    minReplicas: z
      .int()
      .min(0)
      .max(mostWorkers)
      .default(1)
      .describe('The minimum number of workers. 0: no worker while no task is open.'),
    maxReplicas: z.int().min(1).max(mostWorkers).describe('The maximum number of workers.'),
    targetQueueTime: durationText(
      { min: 1_000, max: 86_400_000 },
      'How long a task may wait for a worker before the pool scales up',
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
    provider: z.enum(providerNames).default('gemini').describe('The provider of the models.'),
    models,
    baseUrl: z
      .url({ protocol: /^https?$/ })
      .max(2_048)
      .optional()
      .describe("The base URL of the provider's API. Default: that of the provider's SDK."),
    apiVersion: z.string().min(1).max(32).optional().describe("The version of the provider's API."),
    keys: z.array(key).max(32).default([]).describe('API keys. Without a key, tasks stay queued.'),
    concurrency: z
      .int()
      .min(1)
      .max(1_000)
      .default(4)
      .describe('The number of tasks that each worker runs at the same time.'),
    paused: z.boolean().default(false).describe('While true, no new task starts; running tasks continue.'),
    policy: submitBody.shape.policy
      .unwrap()
      .omit({ deadline: true })
      .optional()
      .describe('Default policy of the jobs of this pool.'),
    providerOptions: providerOptionsSchema
      .meta({ 'x-kubernetes-list-type': 'set' })
      .optional()
      .describe("The input.providerOptions that jobs may set. Absent: the provider's default. Empty: none."),
    prices: prices.optional().describe('What calls cost, by model, in the currency of your choice.'),
    budgets: budgets
      .optional()
      .describe('The most that calls may cost, in the unit of the prices. Over budget, tasks wait or fail.'),
    limits: limitsSchema
      .optional()
      .describe(
        'Limits on running tasks, across all workers. Tasks beyond them stay queued, and do not hold up others.',
      ),
    weights: weightsSchema
      .optional()
      .describe(
        'By tenant. While tenants queue, one of weight 3 starts three tasks for each of one of weight 1, the default.',
      ),
    replicas: z
      .int()
      .min(0)
      .max(mostWorkers)
      .default(1)
      .describe('The number of workers. Ignored while autoscaling is set. kubectl scale sets it.'),
    autoscaling: autoscaling.optional().describe('Lets the operator choose the number of workers.'),
    allowedNamespaces: z
      .array(namespaceName)
      .min(1)
      .max(64)
      .refine((all) => new Set(all).size === all.length, 'names a namespace twice')
      .meta({ 'x-kubernetes-list-type': 'set' })
      .optional()
      .describe('Namespaces (tenants) that may use the pool. Absent: all.'),
    template: podTemplate.optional(),
  })
  // As the workers check their pools file.
  .superRefine(({ models: { image = [], text = [] }, ...money }, context) =>
    checkPrices({ models: { image, text }, ...money }, context),
  )
  .superRefine(checkProviderOptions)
  .describe('The pool. It has the name of the resource.');

const workers = z.int().min(0).optional();
const tasks = z.int().min(0).optional();

export const workerPoolStatus = z
  .strictObject({
    observedGeneration,
    replicas: workers.describe('The number of workers.'),
    readyReplicas: workers.describe('The number of ready workers.'),
    desiredReplicas: workers.describe('The desired number of workers.'),
    ready: z.string().max(16).optional().describe('Ready workers out of the desired number, such as 2/3.'),
    selector: z
      .string()
      .max(512)
      .optional()
      .describe("Label selector of the workers' pods, for the scale subresource."),
    queued: tasks.describe('Tasks waiting for a worker.'),
    running: tasks.describe('Running tasks.'),
    oldestQueuedTime: z.iso.datetime().optional().describe('When the task that has waited longest was queued.'),
    conditions: conditions.optional(),
  })
  .describe('The state of the pool that the operator last observed.');

export type WorkerPoolSpec = z.output<typeof workerPoolSpec>;
export type WorkerPoolStatus = z.output<typeof workerPoolStatus>;
export type WorkerPool = KubeObject<WorkerPoolSpec, WorkerPoolStatus>;

export const parseWorkerPool = (object: Pick<KubeObject, 'spec'>): Parsed<WorkerPoolSpec> =>
  parseSpec(workerPoolSpec, object);
