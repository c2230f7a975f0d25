// GenerationJob: a job as a custom resource. Its spec is the body of a submit, validated by the API's own schemas, and is immutable.

import { z } from 'zod';
import { taskStates } from '../../job/task.ts';
import { submitBody } from '../../jobs/submit/body.ts';
import { jsonProblem } from '../../jobs/submit/json.ts';
import type { KubeObject } from '../../ports/kubernetes.ts';
import { type Condition, conditions } from './conditions.ts';
import { type Parsed, parseSpec } from './kinds.ts';

/** As JSON. etcd keeps every resource, and every list of them reads them whole. */
const mostSpecBytes = 64 * 1024;

const body = submitBody.shape;

export const generationJobSpec = z
  .strictObject({
    kind: body.kind,
    pool: body.pool.unwrap().default('default').describe('The pool that runs it.'),
    priority: body.priority.unwrap().default('normal').describe('Which lane of the pool it queues in.'),
    model: body.model,
    input: body.input.describe(
      "What every task is made from; a key of a task's own input replaces the whole key here.",
    ),
    tasks: body.tasks,
    policy: body.policy.describe(
      "How long it may take and how often it is tried; default: the pool's, else the built-in.",
    ),
    jobMetadata: body.metadata,
    ttlSecondsAfterFinished: z
      .int()
      .min(0)
      .max(2_147_483_647)
      .default(86_400)
      .describe('How long the resource is kept once the job has finished; the job itself is kept for the retention.'),
  })
  .superRefine((spec, context) => {
    // Free JSON may be 64 levels deep where it stands, which is no more than eight levels down.
    const problem = jsonProblem(spec, mostSpecBytes, 72);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  })
  .describe('The job; it cannot be changed.');

const count = (which: string) => z.int().min(0).max(500).optional().describe(`${which}.`);

export const generationJobStatus = z
  .strictObject({
    jobId: z.string().max(26).optional().describe("The job's id, for the API and the command line."),
    state: z.enum(taskStates).optional().describe('What the job is doing, or how it ended.'),
    reason: z.string().max(128).optional().describe('Why it is so, as one CamelCase word.'),
    message: z.string().max(2_048).optional().describe('Why it is so, for a person.'),
    observedGeneration: z.int().min(0).optional().describe('The generation of the spec that the operator has seen.'),
    startTime: z.iso.datetime().optional().describe('When the first task started.'),
    completionTime: z.iso.datetime().optional().describe('When the last task ended.'),
    tasks: z
      .strictObject({
        total: count('All tasks'),
        queued: count('Tasks that wait for a worker'),
        running: count('Tasks that run'),
        waiting: count('Tasks that wait for their next attempt'),
        needs_review: count('Tasks that wait for a reviewer'),
        succeeded: count('Tasks that succeeded'),
        failed: count('Tasks that failed'),
        cancelled: count('Tasks that were cancelled'),
        done: z.string().max(16).optional().describe('Terminal tasks of all, such as 3/20.'),
      })
      .optional()
      .describe('How many tasks are in each state.'),
    conditions: conditions.optional(),
  })
  .describe('What the operator saw last; the truth is with the API.');

/** Finished holds at both ends, beside Complete or Failed: `kubectl wait` can wait for it without hanging on a failure. */
export type GenerationJobCondition = 'Accepted' | 'Complete' | 'Failed' | 'Finished';

export type GenerationJobSpec = z.output<typeof generationJobSpec>;
export type GenerationJobStatus = z.output<typeof generationJobStatus>;
export type GenerationJob = KubeObject<GenerationJobSpec, GenerationJobStatus>;

export const parseGenerationJob = (object: Pick<KubeObject, 'spec'>): Parsed<GenerationJobSpec> =>
  parseSpec(generationJobSpec, object);

type Status = GenerationJobStatus | undefined;

export const conditionOf = (status: Status, type: GenerationJobCondition): Condition | undefined =>
  status?.conditions?.find((condition) => condition.type === type);

export const isFinished = (status: Status): boolean => conditionOf(status, 'Finished')?.status === 'True';

/** Refused and still tried: what a new pool or an upload may cure. */
export const isPending = (status: Status): boolean =>
  status?.jobId === undefined && conditionOf(status, 'Accepted') !== undefined && !isFinished(status);
