// The CRDs of the release before against today's: manifests, stored objects and the older operator keep working.
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { incompatibilities } from '../../../../hack/resources/compatibility.ts';
import { definitions, type Definition } from '../../../../hack/resources/definitions.ts';
import { fileOfPackedChart, namesInPackedChart } from '../../../support/releaseBefore/chart.ts';

const names = (await namesInPackedChart('files/crds')).filter((name) => name.endsWith('.yaml'));
const texts = await Promise.all(names.map((name) => fileOfPackedChart(`files/crds/${name}`)));
const before = texts.map((text) => parse(text) as Definition);

/** Changes that look incompatible and are not, by place and problem. Emptied with each release. */
const deliberate: Readonly<Record<string, string>> = {
  'GenerationJob v1alpha1 spec: a validation is new or changed: cannot be changed, except for suspend and ttlSecondsAfterFinished: make another GenerationJob':
    'accepts more: two fields may be changed',
  'GenerationJob v1alpha1 spec: a validation is new or changed: is missing: the job or each task must have one':
    'accepts more: the prompt may come from a ConfigMap',
  'GenerationJob v1alpha1 spec.input: a validation is new or changed: excludes prompt':
    'is about promptFrom, which is new',
  'GenerationJob v1alpha1 spec.tasks[].input: a validation is new or changed: excludes prompt':
    'is about promptFrom, which is new',
  'GenerationJob v1alpha1 status: default changed: none to {"observedGeneration":-1}': 'the status had no default',
  'WorkerPool v1alpha1 status: default changed: none to {"observedGeneration":-1}': 'the status had no default',
};

test('the CRDs keep everything that those of the release before promised', () => {
  expect(before.map(({ spec }) => spec.names.kind).toSorted()).toEqual(['GenerationJob', 'WorkerPool']);
  const found = incompatibilities(before, definitions()).map(({ at, problem }) => `${at}: ${problem}`);
  expect(found.filter((each) => !(each in deliberate))).toEqual([]);
  expect(Object.keys(deliberate).filter((each) => !found.includes(each))).toEqual([]);
});

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any;

/** Today's CRDs after a change, against today's. */
function changed(change: (job: Loose, spec: Loose, pool: Loose) => void): string[] {
  const after = structuredClone(definitions()) as Loose[];
  const specOf = (crd: Loose) => crd.spec.versions[0].schema.openAPIV3Schema.properties.spec;
  change(after[0], specOf(after[0]), specOf(after[1]));
  return incompatibilities(definitions(), after).map(({ at, problem }) => `${at}: ${problem}`);
}

test('equal CRDs are compatible', () => {
  expect(changed(() => undefined)).toEqual([]);
});

const beta = { name: 'v1beta1', served: true, storage: false };

describe('is compatible', () => {
  test.each<[string, (job: Loose, spec: Loose, pool: Loose) => void]>([
    ['a new optional field', (_, spec) => (spec.properties.speed = { type: 'integer' })],
    ['a required field that is optional now', (_, spec) => (spec.required = [])],
    ['another value of an enum', (_, spec) => spec.properties.priority.enum.push('urgent')],
    ['an enum that is any text now', (_, spec) => delete spec.properties.priority.enum],
    ['wider bounds', (_, spec) => Object.assign(spec.properties.tasks, { minItems: 0, maxItems: 900 })],
    ['no bound any more', (_, spec) => delete spec.properties.tasks.maxItems],
    ['no pattern any more', (_, spec) => delete spec.properties.pool.pattern],
    ['a validation less', (_, spec) => spec['x-kubernetes-validations'].pop()],
    ['another message of a validation', (_, spec) => (spec['x-kubernetes-validations'][0].message = 'is fixed')],
    ['another description', (_, spec) => (spec.properties.pool.description = 'Which pool.')],
    ['a new kind and a new short name', (job) => job.spec.names.shortNames.push('genjob')],
    ['a new version that is not stored', (job) => job.spec.versions.push({ ...job.spec.versions[0], ...beta })],
    ['other columns', (job) => job.spec.versions[0].additionalPrinterColumns.pop()],
  ])('%s', (_, change) => {
    expect(changed(change)).toEqual([]);
  });
});

const broken: readonly [string, (job: Loose, spec: Loose, pool: Loose) => void, string][] = [
  [
    'a field removed',
    (_, spec) => delete spec.properties.model,
    'GenerationJob v1alpha1 spec.model: the field was removed',
  ],
  [
    'a field removed from the entries of a list',
    (_, __, pool) => delete pool.properties.keys.items.properties.maxInFlight,
    'WorkerPool v1alpha1 spec.keys[].maxInFlight: the field was removed',
  ],
  [
    'a field renamed',
    (_, spec) => {
      spec.properties.queue = spec.properties.pool;
      delete spec.properties.pool;
    },
    'GenerationJob v1alpha1 spec.pool: the field was removed',
  ],
  [
    'the type changed',
    (_, spec) => (spec.properties.model.type = 'integer'),
    'GenerationJob v1alpha1 spec.model: the type changed: string to integer',
  ],
  [
    'the type of the values of a map changed',
    (_, __, pool) => (pool.properties.template.properties.labels.additionalProperties.type = 'integer'),
    'WorkerPool v1alpha1 spec.template.labels.*: the type changed: string to integer',
  ],
  [
    'an old field newly required',
    (_, spec) => spec.required.push('model'),
    'GenerationJob v1alpha1 spec: model is now required',
  ],
  [
    'a new field that is required',
    (_, spec) => {
      spec.properties.speed = { type: 'integer' };
      spec.required.push('speed');
    },
    'GenerationJob v1alpha1 spec: speed is now required',
  ],
  [
    'a new field with a default',
    (_, spec) => (spec.properties.input.properties.speed = { type: 'integer', default: 1 }),
    'GenerationJob v1alpha1 spec.input: the new field speed has a default, which every resource gets and the operator before does not know',
  ],
  [
    'an enum narrowed',
    (_, spec) => spec.properties.priority.enum.shift(),
    'GenerationJob v1alpha1 spec.priority: high is no longer accepted',
  ],
  [
    'a new enum',
    (_, spec) => (spec.properties.model.enum = ['m']),
    'GenerationJob v1alpha1 spec.model: only m are accepted now',
  ],
  [
    'a pattern changed',
    (_, spec) => (spec.properties.pool.pattern = '^[a-z]+$'),
    'GenerationJob v1alpha1 spec.pool: pattern changed: "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$" to "^[a-z]+$"',
  ],
  [
    'a new pattern',
    (_, spec) => (spec.properties.model.pattern = '^m'),
    'GenerationJob v1alpha1 spec.model: pattern changed: none to "^m"',
  ],
  [
    'a maximum lowered',
    (_, spec) => (spec.properties.tasks.maxItems = 499),
    'GenerationJob v1alpha1 spec.tasks: maxItems is tighter: 500 to 499',
  ],
  [
    'a minimum raised',
    (_, __, pool) => (pool.properties.concurrency.minimum = 2),
    'WorkerPool v1alpha1 spec.concurrency: minimum is tighter: 1 to 2',
  ],
  [
    'a new bound',
    (_, __, pool) => (pool.properties.models.maxProperties = 1),
    'WorkerPool v1alpha1 spec.models: maxProperties is tighter: none to 1',
  ],
  [
    'a bound that excludes its value',
    (_, __, pool) => (pool.properties.concurrency.exclusiveMinimum = true),
    'WorkerPool v1alpha1 spec.concurrency: exclusiveMinimum is now true',
  ],
  [
    'free JSON no longer free',
    (_, spec) => delete spec.properties.jobMetadata['x-kubernetes-preserve-unknown-fields'],
    'GenerationJob v1alpha1 spec.jobMetadata: x-kubernetes-preserve-unknown-fields is no longer true',
  ],
  [
    'a default changed',
    (_, __, pool) => (pool.properties.concurrency.default = 8),
    'WorkerPool v1alpha1 spec.concurrency: default changed: 4 to 8',
  ],
  [
    'a default removed',
    (_, spec) => delete spec.properties.ttlSecondsAfterFinished.default,
    'GenerationJob v1alpha1 spec.ttlSecondsAfterFinished: default changed: 86400 to none',
  ],
  [
    'a list that merges in another way',
    (_, __, pool) => (pool.properties.allowedNamespaces['x-kubernetes-list-type'] = 'atomic'),
    'WorkerPool v1alpha1 spec.allowedNamespaces: x-kubernetes-list-type changed: "set" to "atomic"',
  ],
  [
    'a new validation',
    (_, spec) => spec['x-kubernetes-validations'].push({ rule: 'false', message: 'never' }),
    'GenerationJob v1alpha1 spec: a validation is new or changed: never',
  ],
  [
    'an alternative removed',
    (_, spec) => spec.properties.input.properties.references.items.oneOf.pop(),
    'GenerationJob v1alpha1 spec.input.references[]: oneOf lacks {"required":["secretKeyRef"]}',
  ],
  [
    'a version no longer served',
    (job) => (job.spec.versions[0].served = false),
    'GenerationJob v1alpha1: the version is no longer served',
  ],
  [
    'a version removed, and another one stored',
    (job) => (job.spec.versions[0].name = 'v1beta1'),
    'GenerationJob v1alpha1: the version was removed',
  ],
  [
    'objects stored in a version that the release before does not serve',
    (job) => {
      job.spec.versions[0].storage = false;
      job.spec.versions.push({ ...job.spec.versions[0], ...beta, storage: true });
    },
    'GenerationJob: objects are stored as v1beta1, which the release before does not serve',
  ],
  [
    'the scope changed',
    (job) => (job.spec.scope = 'Cluster'),
    'GenerationJob: the scope changed: Namespaced to Cluster',
  ],
  [
    'a name changed',
    (job) => (job.spec.names.singular = 'genjob'),
    'GenerationJob: singular changed: generationjob to genjob',
  ],
  ['a short name removed', (job) => (job.spec.names.shortNames = []), 'GenerationJob: shortNames lack gj'],
  [
    'a subresource removed',
    (job) => (job.spec.versions[0].subresources = {}),
    'GenerationJob v1alpha1: the subresource status was removed or changed',
  ],
  ['a kind removed', (job) => (job.metadata.name = 'images.genwarden.dev'), 'GenerationJob: the kind was removed'],
];

describe('is not compatible', () => {
  test.each(broken)('%s', (_, change, says) => {
    expect(changed(change)).toContain(says);
  });
});
