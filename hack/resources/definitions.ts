// Builds the CustomResourceDefinitions: the operator's zod schemas as structural schemas, and the columns that kubectl shows.

import type { z } from 'zod';
import { generationJobSpec, generationJobStatus } from '../../src/operator/resources/generationJob.ts';
import { generationScheduleSpec, generationScheduleStatus } from '../../src/operator/resources/generationSchedule.ts';
import {
  generationJobType,
  generationScheduleType,
  group,
  workerPoolType,
} from '../../src/operator/resources/kinds.ts';
import { workerPoolSpec, workerPoolStatus } from '../../src/operator/resources/workerPool.ts';
import { immutableRule } from './immutable.ts';
import type { ResourceType } from '../../src/ports/kubernetes.ts';
import { extrasOf, poolNameRule, scheduleNameRule } from './rules.ts';
import { structuralOf, type Rule, type Structural } from './structural.ts';
import { type ResourceVersion, resourceVersions } from './versions.ts';

export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'boolean' | 'date';
  readonly description: string;
  readonly jsonPath: string;
  /** 1: only with `-o wide`. */
  readonly priority?: 1;
}

export type Definition = ReturnType<typeof definition>;

/** With every version that the chart has, or with those of a test. */
export const definitions = (versions: readonly ResourceVersion[] = resourceVersions): readonly Definition[] => [
  generationJobs(versions),
  workerPools(versions),
  generationSchedules(versions),
];

function generationJobs(versions: readonly ResourceVersion[]) {
  return definition(versions, generationJobType, 'gj', {
    description: 'A job: one request with 1 to 500 tasks. The operator submits it and mirrors its state.',
    spec: generationJobSpec,
    status: generationJobStatus,
    specRules: [immutableRule],
    rules: [],
    columns: [
      column('State', 'string', 'What the job is doing, or how it ended', '.status.state'),
      column('Done', 'string', 'Succeeded tasks of all', '.status.tasks.done'),
      column('Age', 'date', 'Since when it exists', '.metadata.creationTimestamp'),
      { ...column('Reason', 'string', 'Why it is so', '.status.reason'), priority: 1 },
      { ...column('Pool', 'string', 'The pool that runs it', '.spec.pool'), priority: 1 },
      { ...column('Job', 'string', 'The id for the API', '.status.jobId'), priority: 1 },
    ],
    subresources: { status: {} },
  });
}

function generationSchedules(versions: readonly ResourceVersion[]) {
  return definition(versions, generationScheduleType, 'gs', {
    description: 'Creates GenerationJobs at the times of a cron expression, as a CronJob creates Jobs.',
    spec: generationScheduleSpec,
    status: generationScheduleStatus,
    specRules: [],
    rules: [scheduleNameRule],
    columns: [
      column('Schedule', 'string', 'The cron expression', '.spec.schedule'),
      column('TimeZone', 'string', 'The time zone of the schedule', '.spec.timeZone'),
      column('Suspend', 'boolean', 'Whether it creates nothing for now', '.spec.suspend'),
      column('Active', 'integer', 'Unfinished GenerationJobs', '.status.activeCount'),
      column('Last Schedule', 'date', 'How long ago it last created one', '.status.lastScheduleTime'),
      column('Age', 'date', 'Since when it exists', '.metadata.creationTimestamp'),
      {
        ...column('Last Success', 'date', 'How long ago one last succeeded', '.status.lastSuccessfulTime'),
        priority: 1,
      },
      {
        ...column('Ready', 'string', 'Why it creates none', '.status.conditions[?(@.type=="Ready")].reason'),
        priority: 1,
      },
    ],
    subresources: { status: {} },
  });
}

function workerPools(versions: readonly ResourceVersion[]) {
  return definition(versions, workerPoolType, 'gwp', {
    description: 'A queue, its provider, models, keys and limits, and the workers that serve it.',
    spec: workerPoolSpec,
    status: workerPoolStatus,
    specRules: [],
    rules: [poolNameRule],
    columns: [
      column('Ready', 'string', 'Ready workers of those that there should be', '.status.ready'),
      column('Queued', 'integer', 'Tasks that wait for a worker', '.status.queued'),
      column('Running', 'integer', 'Tasks that run', '.status.running'),
      column('Oldest', 'date', 'How long the oldest queued task has waited', '.status.oldestQueuedTime'),
      column('Paused', 'string', 'Whether tasks are held back', '.status.conditions[?(@.type=="Paused")].status'),
      column('Age', 'date', 'Since when it exists', '.metadata.creationTimestamp'),
    ],
    subresources: {
      status: {},
      scale: {
        specReplicasPath: '.spec.replicas',
        statusReplicasPath: '.status.replicas',
        labelSelectorPath: '.status.selector',
      },
    },
  });
}

interface Kind {
  readonly description: string;
  readonly spec: z.ZodType;
  readonly status: z.ZodType;
  readonly specRules: readonly Rule[];
  readonly rules: readonly Rule[];
  readonly columns: readonly Column[];
  readonly subresources: object;
}

function definition(versions: readonly ResourceVersion[], { kind, plural }: ResourceType, shortName: string, of: Kind) {
  const singular = kind.toLowerCase();
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}`, labels: { 'app.kubernetes.io/name': 'genwarden' } },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural, singular, shortNames: [shortName], categories: ['genwarden'] },
      versions: versions.map(({ name, served, storage, replacedBy }) => ({
        name,
        served,
        storage,
        ...(replacedBy !== undefined && {
          deprecated: true,
          deprecationWarning: `${group}/${name} ${kind} is deprecated; use ${group}/${replacedBy} ${kind}`,
        }),
        subresources: of.subresources,
        additionalPrinterColumns: of.columns,
        schema: { openAPIV3Schema: schemaOf(of) },
      })),
    },
  };
}

function schemaOf({ description, spec, status, specRules, rules }: Kind): Structural {
  const specSchema = structuralOf(spec, extrasOf);
  const allRules = [...specRules, ...(specSchema['x-kubernetes-validations'] ?? [])];
  return {
    type: 'object',
    description,
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec: { ...specSchema, ...(allRules.length > 0 && { 'x-kubernetes-validations': allRules }) },
      // Tools that follow kstatus would take a resource without a status for one that is done.
      status: { ...structuralOf(status, extrasOf), default: { observedGeneration: -1 } },
    },
    ...(rules.length > 0 && { 'x-kubernetes-validations': rules }),
  };
}

function column(name: string, type: Column['type'], description: string, jsonPath: string): Column {
  return { name, type, description, jsonPath };
}
