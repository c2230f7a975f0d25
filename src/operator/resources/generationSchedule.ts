// GenerationSchedule: creates GenerationJobs at the times of a cron expression, with the fields and behaviour of a CronJob.

import { z } from 'zod';
import type { KubeObject } from '../../ports/kubernetes.ts';
import { conditions, observedGeneration } from './conditions.ts';
import { generationJobSpec } from './generationJob.ts';
import { type Parsed, parseSpec } from './kinds.ts';
import { keyed, labelValue } from './podTemplate.ts';

const cronField = '(\\*|[0-9]{1,2}|[A-Za-z]{3})(-([0-9]{1,2}|[A-Za-z]{3}))?(/[0-9]{1,2})?';
const cronFields = `${cronField}(,${cronField})*( +${cronField}(,${cronField})*){4}`;
const cronPattern = new RegExp(`^(${cronFields}|@(yearly|annually|monthly|weekly|daily|midnight|hourly))$`);

const historyLimit = (which: string, limit: number) =>
  z.int().min(0).max(100).default(limit).describe(`How many ${which} GenerationJobs of the schedule are kept.`);

const jobTemplate = z
  .strictObject({
    metadata: z
      .strictObject({
        labels: keyed(labelValue).optional().describe('Labels of each GenerationJob, and so of its job, at most 32.'),
        annotations: keyed(z.string().max(4_096)).optional().describe('Annotations of each GenerationJob, at most 32.'),
      })
      .optional()
      .describe('Labels and annotations of each GenerationJob.'),
    spec: generationJobSpec,
  })
  .describe('The GenerationJob that is created at each time.');

export const generationScheduleSpec = z
  .strictObject({
    schedule: z
      .string()
      .max(256)
      .regex(cronPattern, 'is not a cron expression: five fields such as 30 6 * * MON-FRI, or @daily')
      .describe(
        'When to create a GenerationJob: minute, hour, day of the month, month and day of the week; or @hourly, @daily, @weekly, @monthly, @yearly.',
      ),
    timeZone: z
      .string()
      .min(1)
      .max(64)
      .regex(/^[A-Za-z0-9_+/-]+$/, 'is not the name of a time zone such as Europe/Berlin')
      .default('Etc/UTC')
      .describe('The time zone of the schedule, by its IANA name such as Europe/Berlin.'),
    concurrencyPolicy: z
      .enum(['Allow', 'Forbid', 'Replace'])
      .default('Allow')
      .describe(
        'What happens at a time while an earlier GenerationJob is not finished: Allow: both run; Forbid: none is created until it has finished; Replace: the earlier one is deleted, which cancels its job.',
      ),
    suspend: z.boolean().default(false).describe('While true, no GenerationJobs are created; existing ones continue.'),
    startingDeadlineSeconds: z
      .int()
      .min(10)
      .max(2_147_483_647)
      .optional()
      .describe('How late a GenerationJob may be created, for example after a downtime. Default: any time.'),
    successfulJobsHistoryLimit: historyLimit('successful', 3),
    failedJobsHistoryLimit: historyLimit('failed', 1),
    jobTemplate,
  })
  .describe('The schedule. It may be changed; later GenerationJobs follow the change.');

/** A status names at most so many jobs, to stay small. */
export const mostActive = 10;

export const generationScheduleStatus = z
  .strictObject({
    observedGeneration,
    active: z
      .array(
        z.strictObject({
          apiVersion: z.string().max(64).describe('The API version of the kind.'),
          kind: z.string().max(64).describe('GenerationJob.'),
          namespace: z.string().max(63).describe('The namespace.'),
          name: z.string().max(253).describe('The name.'),
          uid: z.string().max(64).describe('The UID.'),
        }),
      )
      .max(mostActive)
      .meta({ 'x-kubernetes-list-type': 'atomic' })
      .optional()
      .describe(`The unfinished GenerationJobs; at most ${mostActive}.`),
    activeCount: z.int().min(0).optional().describe('The number of unfinished GenerationJobs.'),
    lastScheduleTime: z.iso.datetime().optional().describe('The time for which a GenerationJob was last created.'),
    lastSuccessfulTime: z.iso.datetime().optional().describe('When a GenerationJob of the schedule last succeeded.'),
    nextScheduleTime: z.iso.datetime().optional().describe('The next time. Absent while suspended.'),
    conditions: conditions.optional(),
  })
  .describe('The state of the schedule that the operator last observed.');

export type GenerationScheduleSpec = z.output<typeof generationScheduleSpec>;
export type GenerationScheduleStatus = z.output<typeof generationScheduleStatus>;
export type GenerationSchedule = KubeObject<GenerationScheduleSpec, GenerationScheduleStatus>;
export type ScheduleCondition = 'Ready' | 'Stalled';

export const parseGenerationSchedule = (object: Pick<KubeObject, 'spec'>): Parsed<GenerationScheduleSpec> =>
  parseSpec(generationScheduleSpec, object);
