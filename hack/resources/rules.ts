// The API's checks beyond types and bounds, repeated in CEL, so that the API server rejects the same specs.

import type { z } from 'zod';
import { durationBounds } from '../../src/jobs/submit/durationText.ts';
import { formatDuration } from '../../src/job/duration.ts';
import { generationJobSpec } from '../../src/operator/resources/generationJob.ts';
import { podTemplate, reservedVariables } from '../../src/operator/resources/podTemplate.ts';
import { generationScheduleSpec } from '../../src/operator/resources/generationSchedule.ts';
import { workerPoolSpec } from '../../src/operator/resources/workerPool.ts';
import type { Extras, Rule } from './structural.ts';

/** Additions to a schema that zod cannot express. */
export function extrasOf(schema: unknown): Extras | undefined {
  const bounds = durationBounds.get(schema as z.ZodString);
  return bounds === undefined ? extras.get(schema) : { maxLength: 32, rules: [durationRule(bounds)] };
}

const job = generationJobSpec.shape;
const task = job.tasks.unwrap().element.shape;
const input = task.input.unwrap().shape;
const reference = input.references.unwrap().element;
const pool = workerPoolSpec.shape;
const jobMetadata = generationScheduleSpec.shape.jobTemplate.shape.metadata.unwrap().shape;

const extras = new Map<unknown, Extras>([
  [input.prompt.unwrap(), { rules: [...notBlank('is empty'), mostBytes(32)] }],
  [input.system.unwrap(), { rules: [mostBytes(32)] }],
  [reference.shape.data.unwrap(), { maxLength: 65_536 }],
  [
    reference,
    {
      rules: referenceRules(),
      oneOf: ['artifact', 'data', 'configMapKeyRef', 'secretKeyRef'].map((field) => ({ required: [field] })),
    },
  ],
  ...[job.input, task.input].map((sourced): [unknown, Extras] => [sourced.unwrap(), { rules: [onePrompt()] }]),
  [job.tasks.unwrap(), { rules: [uniqueNames()] }],
  [generationJobSpec, { rules: jobRules() }],
  [job.policy.unwrap().shape.backoff.unwrap(), { rules: [backoffRule()] }],
  [
    pool.models,
    { rules: [{ rule: `size(${orNone('image')}) + size(${orNone('text')}) > 0`, message: 'must name a model' }] },
  ],
  [pool.autoscaling.unwrap(), { rules: [autoscalingRule()] }],
  [workerPoolSpec, { rules: [budgetsRule()] }],
  [pool.baseUrl.unwrap(), { pattern: '^[Hh][Tt][Tt][Pp][Ss]?://' }],
  [podTemplate.shape.env.unwrap().element.shape.name, { rules: [reservedRule()] }],
  ...[
    podTemplate.shape.nodeSelector,
    podTemplate.shape.labels,
    podTemplate.shape.annotations,
    jobMetadata.labels,
    jobMetadata.annotations,
  ].map((keyed): [unknown, Extras] => [keyed.unwrap(), { rules: [keyRule()] }]),
]);

/** A pool's name is a token of NATS subjects and the value of a Kubernetes label. */
export const poolNameRule: Rule = {
  rule: `self.metadata.name.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$')`,
  message: 'metadata.name: is not the name of a pool: at most 63 lower-case letters, digits and inner -',
};

/** The names of its GenerationJobs end with a number of up to 11 characters, and have the bounds of a label's value. */
export const scheduleNameRule: Rule = {
  rule: 'size(self.metadata.name) <= 52',
  message: 'metadata.name: is longer than 52 characters',
};

/** CEL durations have no days, and some operations on them have no bounded cost. `min` is at most a day. */
function durationRule({ min, max }: { min: number; max: number }): Rule {
  const days = `self.contains('d') ? int(self.substring(0, self.indexOf('d'))) : 0`;
  const rest = `self.endsWith('d') ? '0s' : self.substring(self.indexOf('d') + 1)`;
  const wholeSeconds = `d * 86400 + r.getSeconds() + (r.getMilliseconds() % 1000 == 0 ? 0 : 1)`;
  const within = `(d > 0 || r >= duration('${min}ms')) && ${wholeSeconds} <= ${max / 1_000}`;
  return {
    rule: `!self.matches('${durationPattern}') || [${days}].all(d, [duration(${rest})].all(r, ${within}))`,
    message: `must be from ${formatDuration(min)} to ${formatDuration(max)}`,
  };
}

/** The number of digits is limited, so that no number overflows. */
const durationPattern = String.raw`^([0-9]{1,5}d)?([0-9]{1,6}h)?([0-9]{1,8}m)?([0-9]{1,9}(\\.[0-9]{1,9})?s)?([0-9]{1,12}ms)?$`;

function backoffRule(): Rule {
  // Both are at most an hour, so days are pointless, and CEL cannot read them.
  const hasDays = ['initial', 'max'].map((field) => `self.${field}.contains('d')`).join(' || ');
  return {
    rule: `!has(self.initial) || !has(self.max) || ${hasDays} || duration(self.initial) <= duration(self.max)`,
    message: 'is more than max',
    fieldPath: '.initial',
  };
}

function hasPrompt(holder: string): string {
  return `has(${holder}.input.prompt) || has(${holder}.input.promptFrom)`;
}

function onePrompt(): Rule {
  return {
    rule: '!has(self.prompt) || !has(self.promptFrom)',
    message: 'excludes prompt',
    fieldPath: '.promptFrom',
  };
}

function notBlank(message: string): Rule[] {
  return [{ rule: `self.trim() != ''`, message }];
}

function mostBytes(kib: number): Rule {
  return { rule: `size(bytes(self)) <= ${kib * 1024}`, message: `is longer than ${kib} KiB` };
}

/** CEL does not see `artifact`, which is a string or an object. */
function referenceRules(): Rule[] {
  return [
    {
      rule: 'has(self.data) ? has(self.mediaType) || self.data.startsWith("data:") : !has(self.mediaType)',
      message: 'mediaType and data belong together, unless data begins with its media type, data:',
    },
  ];
}

/**
 * Comparing 500 names of 100 characters with each other exceeds CEL's cost limit, which counts a unit for every ten bytes. So the
 * rule compares the ends of the names, and whole names only if their ends are equal. The operator checks more than 130 such names.
 */
function uniqueNames(): Rule {
  const end =
    'n.substring(size(n) - (size(n) <= 3 ? size(n) : size(bytes(n)) > size(n) ? 3 : size(n) <= 10 ? size(n) : 10))';
  const names = 'self.filter(t, has(t.name)).map(t, t.name)';
  const alike = 'names.filter(n, [END].all(e, ends.indexOf(e) != ends.lastIndexOf(e)))'.replace('END', end);
  const unique = 'size(alike) > 130 || alike.all(n, alike.indexOf(n) == alike.lastIndexOf(n))';
  return {
    rule: `[${names}].all(names, [names.map(n, ${end})].all(ends, [${alike}].all(alike, ${unique})))`,
    message: 'have a name twice',
  };
}

function jobRules(): Rule[] {
  return [
    {
      rule: `has(self.input) && (${hasPrompt('self')}) || has(self.tasks) && self.tasks.all(t, has(t.input) && (${hasPrompt('t')}))`,
      message: 'is missing: the job or each task must have one',
      fieldPath: '.input.prompt',
    },
    ...(['system', 'schema'] as const).map((field) => onlyOfKind('text', field)),
    ...(['aspectRatio', 'imageSize'] as const).map((field) => onlyOfKind('image', field)),
    {
      rule: `!has(self.tasks) || self.tasks.all(t, !has(t.input) || (has(t.input.references) ? size(t.input.references) : has(self.input) && has(self.input.references) ? size(self.input.references) : 0) + (has(t.input.extraReferences) ? size(t.input.extraReferences) : 0) <= 14)`,
      message: "may have at most 14 references each, with the job's own",
      fieldPath: '.tasks',
    },
    {
      rule: `${textOf('self')} + (has(self.tasks) ? self.tasks.map(t, ${textOf('t')}).sum() : 0) <= 65536`,
      message: 'is larger than 64 KiB',
    },
  ];
}

function onlyOfKind(kind: string, field: string): Rule {
  // A task of its own kind does not inherit what only the job's kind takes.
  const ofJob = `has(self.input) && has(self.input.${field})`;
  const isOfKind = `(has(t.kind) ? t.kind : self.kind) == '${kind}'`;
  const inherits = `(!has(t.kind) || t.kind == self.kind) && ${ofJob}`;
  const fits = `${isOfKind} || !(${inherits}) && !(has(t.input) && has(t.input.${field}))`;
  return {
    rule: `has(self.tasks) ? self.tasks.all(t, ${fits}) : self.kind == '${kind}' || !(${ofJob})`,
    message: `is only taken by kind ${kind}, in spec.input and in a task's input`,
    fieldPath: `.input.${field}`,
  };
}

/** The length of the long texts: a lower bound for the size. The operator checks the exact size. */
function textOf(holder: 'self' | 't'): string {
  const length = (field: string): string => `(has(${holder}.input.${field}) ? size(${holder}.input.${field}) : 0)`;
  const images = (field: string): string =>
    `(has(${holder}.input.${field}) ? ${holder}.input.${field}.map(r, has(r.data) ? size(r.data) : 0).sum() : 0)`;
  const parts = [length('prompt'), length('system'), images('references')];
  if (holder === 't') parts.push(images('extraReferences'));
  return `(has(${holder}.input) ? ${parts.join(' + ')} : 0)`;
}

function autoscalingRule(): Rule {
  return {
    rule: 'self.minReplicas <= self.maxReplicas',
    message: 'is more than maxReplicas',
    fieldPath: '.minReplicas',
  };
}

function budgetsRule(): Rule {
  return {
    rule: '!has(self.budgets) || has(self.prices) && size(self.prices) > 0',
    message: 'requires prices',
    fieldPath: '.budgets',
  };
}

function reservedRule(): Rule {
  const names = reservedVariables.map((name) => `'${name}'`).join(', ');
  return { rule: `!(self in [${names}])`, message: 'is set by the operator' };
}

function keyRule(): Rule {
  const prefix = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?';
  const form = String.raw`^(${prefix}(\\.${prefix})*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`;
  return {
    rule: `self.all(key, size(key) <= 317 && key.matches('${form}'))`,
    message: 'has a key that is no label key: a DNS name and / if need be, then 1 to 63 letters, digits, -, _ and .',
  };
}

function orNone(field: string): string {
  return `has(self.${field}) ? self.${field} : []`;
}
