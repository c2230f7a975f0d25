// GenerationJob: a job as a custom resource. Its spec is the body of a submit, validated by the API's own schemas.
// It is immutable, except for `mutableFields`.

import { z } from 'zod';
import { taskStates } from '../../job/task.ts';
import { submitBody } from '../../jobs/submit/body.ts';
import { jsonProblem, roundedNumberAt } from '../../jobs/submit/json.ts';
import type { KubeObject } from '../../ports/kubernetes.ts';
import { type Condition, conditions, observedGeneration } from './conditions.ts';
import { type Parsed, parseSpec } from './kinds.ts';
import { objectName } from './podTemplate.ts';
import { sourcedInput, sourcedTasks } from './sources.ts';

/** As JSON. etcd stores every resource, and every list reads them in full. */
const mostSpecBytes = 64 * 1024;

const body = submitBody.shape;

/** Of the spec. */
export const mutableFields = ['suspend', 'ttlSecondsAfterFinished'] as const;

/** Of the status; the API has all. */
export const mostArtifacts = 8;

export const generationJobSpec = z
  .strictObject({
    kind: body.kind,
    pool: body.pool.unwrap().default('default').describe('The pool that runs the job.'),
    priority: body.priority.unwrap().default('normal').describe('The lane of the pool that its tasks queue in.'),
    model: body.model,
    group: body.group,
    input: sourcedInput
      .optional()
      .describe("Input shared by all tasks. A key in a task's own input replaces the whole key here."),
    tasks: sourcedTasks,
    policy: body.policy.describe(
      'Time budgets and attempts. Default: the policy of the pool, otherwise the built-in one.',
    ),
    jobMetadata: body.metadata,
    webhook: body.webhook,
    // No default: the API server would add it to each resource, and an operator of an earlier version, which an upgrade still runs for a
    // while, would not know it.
    suspend: z
      .boolean()
      .optional()
      .describe(
        'While true, the job is not submitted; a submitted one is stopped, and resumed with what it has once this is false. May be changed.',
      ),
    results: z
      .strictObject({
        configMap: objectName.describe('The ConfigMap, which the operator creates and the GenerationJob owns.'),
      })
      .optional()
      .describe(
        'Where to mirror outputs, and digests and links of artifacts, when the job has finished; at most 1 MiB.',
      ),
    ttlSecondsAfterFinished: z
      .int()
      .min(0)
      .max(2_147_483_647)
      .default(86_400)
      .describe('How long the resource is kept after the job has finished. The job itself is kept for the retention.'),
  })
  .superRefine((spec, context) => {
    // Free JSON may be 64 levels deep, and it starts at most eight levels down.
    const problem = jsonProblem(spec, mostSpecBytes, 72);
    if (problem !== undefined) {
      context.addIssue({ code: 'custom', message: problem });
      return;
    }
    const rounded = roundedNumberAt(spec);
    if (rounded === undefined) return;
    const message = 'is a number beyond 2^53, which cannot be kept exactly; write it as a string';
    context.addIssue({ code: 'custom', path: [...rounded], message });
  })
  .describe(`The job. Immutable, except for ${mutableFields.join(' and ')}.`);

const count = (which: string) => z.int().min(0).max(500).optional().describe(`${which}.`);

export const generationJobStatus = z
  .strictObject({
    jobId: z.string().max(26).optional().describe('The ID of the job in the API and the command line.'),
    installation: z
      .string()
      .max(128)
      .optional()
      .describe('The installation that runs the job. Another one that watches the namespace leaves it alone.'),
    state: z
      .enum([...taskStates, 'suspended'])
      .optional()
      .describe('The state of the job.'),
    reason: z.string().max(128).optional().describe('The reason for the state, in CamelCase.'),
    message: z.string().max(2_048).optional().describe('The reason for the state, in words.'),
    observedGeneration,
    startTime: z.iso.datetime().optional().describe('When the first task started.'),
    completionTime: z.iso.datetime().optional().describe('When the last task ended.'),
    tasks: z
      .strictObject({
        total: count('All tasks'),
        queued: count('Tasks waiting for a worker'),
        running: count('Running tasks'),
        waiting: count('Tasks waiting for the next attempt'),
        needs_review: count('Tasks waiting for review'),
        succeeded: count('Tasks that succeeded'),
        failed: count('Tasks that failed'),
        cancelled: count('Tasks that were cancelled'),
        done: z.string().max(16).optional().describe('Succeeded tasks out of all tasks, such as 3/20.'),
      })
      .optional()
      .describe('The number of tasks in each state.'),
    artifacts: z
      .array(
        z.strictObject({
          task: z.string().max(100).describe('The name of the task, or its index.'),
          name: z.string().max(64).describe('Such as image.'),
          mediaType: z.string().max(64).describe('Such as image/png.'),
          digest: z.string().max(71).describe('By which other jobs may refer to it.'),
        }),
      )
      .max(mostArtifacts)
      .meta({ 'x-kubernetes-list-type': 'atomic' })
      .optional()
      .describe(`The first artifacts of a finished job, without thumbnails and metadata; at most ${mostArtifacts}.`),
    conditions: conditions.optional(),
  })
  .describe('The state of the job that the operator last observed. The API has the current state.');

/** Finished becomes true with Complete and with Failed, so that `kubectl wait` does not hang when a job fails. */
export type GenerationJobCondition =
  | 'Accepted'
  | 'Complete'
  | 'Failed'
  | 'Finished'
  | 'NeedsReview'
  | 'Suspended'
  | 'ResultsWritten';

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
