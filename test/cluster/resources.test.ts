// The custom resources in a real API server: what it rejects and with which message, its defaults, and how kubectl shows, waits
// for, scales and explains the resources.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { definitionFiles } from '../../hack/custom-resources.ts';
import { definitions, type Definition } from '../../hack/resources/definitions.ts';
import type { Case } from '../unit/operator/resources/cases.ts';
import { badJobs, goodJobs } from '../unit/operator/resources/jobCases.ts';
import { badPools, goodPools } from '../unit/operator/resources/poolCases.ts';
import { applyDefinitions } from './support/genwarden.ts';
import { apply, getObject, kubectl, tryApply, tryKubectl, type Any } from './support/kubectl.ts';
import { testNamespace } from './support/namespace.ts';

const examples = join(import.meta.dirname, '../../examples/kubernetes');
const namespace = testNamespace('resources');
beforeAll(applyDefinitions);

const resource = (kind: string, name: string, spec: unknown): Any => ({
  apiVersion: 'genwarden.dev/v1alpha1',
  kind,
  metadata: { name },
  spec,
});
const job = (name: string, spec: object = {}): Any =>
  resource('GenerationJob', name, { kind: 'image', input: { prompt: 'a front yard' }, ...spec });
const pool = (name: string, spec: object = {}): Any =>
  resource('WorkerPool', name, { models: { image: ['gemini-3.1-flash-image'] }, ...spec });

const kinds = [
  { kind: 'GenerationJob', good: goodJobs, bad: badJobs },
  { kind: 'WorkerPool', good: goodPools, bad: badPools },
];

describe.each(kinds)('a $kind', ({ kind, good, bad }) => {
  /** kubectl continues after a rejection, so one run checks all cases. Client-side validation is off. */
  const answers = async (cases: readonly Case[], prefix: string): Promise<string[]> => {
    const all = cases.map(({ spec }, index) => resource(kind, `${prefix}-${index}-end`, spec));
    const { stdout, stderr } = await tryApply(all, namespace, '--dry-run=server', '--validate=false');
    const parts = `${stdout}\n${stderr}`.split(/\n(?=Error from server|generationjob|workerpool)/);
    return all.map(({ metadata }) => parts.filter((part) => part.includes(metadata.name)).join('\n'));
  };
  let taken: string[];
  let refused: string[];
  beforeAll(async () => {
    taken = await answers(good, 'good');
    refused = await answers(bad, 'bad');
  });

  test.each(good.map((each, index) => ({ ...each, index })))('is taken: $what', ({ index }) => {
    expect(taken[index]?.trim()).toMatch(/ created \(server dry run\)$/);
  });

  test.each(bad.map((each, index) => ({ ...each, index })))('is refused: $what', ({ index, at, says }) => {
    expect(refused[index]).toContain('is invalid');
    // The API server quotes the path of alternatives.
    expect([`${at}: `, `${at}" must validate`].some((place) => refused[index]!.includes(place))).toBe(true);
    expect(refused[index]).toMatch(says);
    expect(refused[index]).not.toContain('evaluation');
  });

  test('is rejected with an unknown field, which the message names', async () => {
    const { code, stderr } = await tryApply(
      resource(kind, 'unknown', { ...(good[0]!.spec as object), speed: 9 }),
      namespace,
    );
    expect(code).not.toBe(0);
    expect(stderr).toContain('unknown field "spec.speed"');
  });
});

describe('a GenerationJob', () => {
  test('is immutable, except for its labels, suspend and ttlSecondsAfterFinished', async () => {
    const metadata = { brand: { id: 'b1' } };
    await apply(
      job('fixed', {
        jobMetadata: metadata,
        input: { prompt: 'p', providerOptions: { a: 1 } },
        tasks: [{}, { metadata: 1 }],
      }),
      namespace,
    );
    const changes = [
      { model: 'another' },
      { jobMetadata: { brand: { id: 'b2' } } },
      { jobMetadata: null },
      { input: { providerOptions: { a: 2 } } },
      { tasks: [{}, { metadata: 2 }] },
      { suspend: true, input: { prompt: 'q' } },
      { suspend: true, tasks: [{}, { metadata: 2 }] },
      { ttlSecondsAfterFinished: 5, pool: 'another' },
    ];
    for (const spec of changes) {
      const { code, stderr } = await patch('gj/fixed', { spec });
      expect({ spec, code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('spec: Invalid value') });
      expect(stderr).toContain('cannot be changed, except for suspend and ttlSecondsAfterFinished');
    }
    for (const spec of [{ suspend: true }, { suspend: false, ttlSecondsAfterFinished: 5 }])
      expect(await patch('gj/fixed', { spec })).toMatchObject({ code: 0 });
    expect(await patch('gj/fixed', { metadata: { labels: { project: 'p42' } } })).toMatchObject({ code: 0 });
  });

  test('gets its defaults', async () => {
    await apply(job('defaults'), namespace);
    expect((await getObject('gj', 'defaults', namespace)).spec).toEqual({
      kind: 'image',
      input: { prompt: 'a front yard' },
      pool: 'default',
      priority: 'normal',
      ttlSecondsAfterFinished: 86_400,
    });
  });

  test('keeps free JSON unchanged', async () => {
    const free = { nothing: null, list: [1, 'two', { three: [] }], deep: { er: { still: true } } };
    const spec = { jobMetadata: free, tasks: [{ metadata: [free] }, { metadata: 'text' }] };
    // Client-side apply drops every null before it sends anything.
    await apply(job('free', spec), namespace, '--server-side');
    expect((await getObject('gj', 'free', namespace)).spec).toMatchObject(spec);
  });
});

// Uses a copy of the kind, because an operator in the cluster would also write the status.
describe('a GenerationJob without an operator', () => {
  const group = `${namespace}.genwarden.test`;
  const type = `generationjobs.${group}`;
  const own = (name: string, spec: object = {}): Any => ({ ...job(name, spec), apiVersion: `${group}/v1alpha1` });
  beforeAll(async () => {
    const [{ spec, ...definition }] = definitions() as [Definition];
    const { kind, listKind, plural, singular } = spec.names;
    const renamed = { ...spec, group, names: { kind, listKind, plural, singular } };
    await apply({ ...definition, metadata: { name: type }, spec: renamed }, namespace);
    await kubectl('wait', '--for=condition=Established', `crd/${type}`);
  });
  afterAll(() => kubectl('delete', 'crd', type, '--ignore-not-found', '--wait=false'));

  test('shows its state and progress, and more on request', async () => {
    await apply(own('shown', { pool: 'yards' }), namespace);
    const tasks = { total: 20, done: '3/20' };
    await patchStatus(`${type}/shown`, { state: 'running', reason: 'Running', jobId: '01jd', tasks });
    const shown = { NAME: 'shown', STATE: 'running', DONE: '3/20', AGE: expect.any(String) };
    expect(await row(type, 'shown')).toEqual(shown);
    const wide = await row(type, 'shown', '-o', 'wide');
    expect(wide).toEqual({ ...shown, REASON: 'Running', POOL: 'yards', JOB: '01jd' });
  });

  test('can be waited for, whether it succeeds or fails', async () => {
    await apply([own('ends'), own('fails')], namespace);
    const [ends, fails] = [`${type}/ends`, `${type}/fails`];
    await patchStatus(ends, { state: 'succeeded', conditions: [condition('Complete'), condition('Finished')] });
    await patchStatus(fails, { state: 'failed', conditions: [condition('Failed'), condition('Finished')] });
    for (const what of [ends, fails]) {
      await kubectl('wait', '--for=condition=Finished', what, '-n', namespace, '--timeout=20s');
    }
    await kubectl('wait', '--for=condition=Complete', ends, '-n', namespace, '--timeout=20s');
    await kubectl('wait', '--for=jsonpath={.status.state}=failed', fails, '-n', namespace, '--timeout=20s');
  });

  test('is rejected with an unknown state', async () => {
    await apply(own('stateless'), namespace);
    const { code, stderr } = await patch(`${type}/stateless`, { status: { state: 'stuck' } }, '--subresource=status');
    expect(code).toBe(1);
    expect(stderr).toContain('status.state: Unsupported value: "stuck"');
  });

  test('ignores a status on create', async () => {
    await apply({ ...own('unasked'), status: { state: 'succeeded' } }, namespace);
    expect((await getObject(type, 'unasked', namespace)).status).toEqual({ observedGeneration: -1 });
  });
});

describe('a WorkerPool', () => {
  test('gets its defaults', async () => {
    await apply(pool('defaults', { autoscaling: { maxReplicas: 2 } }), namespace);
    const { spec } = await getObject('gwp', 'defaults', namespace);
    expect(spec).toEqual({
      models: { image: ['gemini-3.1-flash-image'] },
      provider: 'gemini',
      concurrency: 4,
      keys: [],
      paused: false,
      replicas: 1,
      autoscaling: { minReplicas: 1, maxReplicas: 2, targetQueueTime: '30s' },
    });
  });

  test.each(['a.b', `x${'y'.repeat(63)}`])('cannot be called %s', async (name) => {
    const { code, stderr } = await tryApply(pool(name), namespace);
    expect(code).toBe(1);
    expect(stderr).toContain('metadata.name: is not the name of a pool');
  });

  test('can be scaled with kubectl scale', async () => {
    await apply(pool('scaled'), namespace);
    await patchStatus('gwp/scaled', { replicas: 2, selector: 'genwarden.dev/pool=scaled' });
    await kubectl('scale', 'gwp/scaled', '--replicas=3', '-n', namespace);
    const { spec } = await getObject('gwp', 'scaled', namespace);
    expect(spec.replicas).toBe(3);
    const scale = JSON.parse(
      await kubectl('get', 'gwp', 'scaled', '-n', namespace, '--subresource=scale', '-o', 'json'),
    ) as Any;
    expect(scale).toMatchObject({
      spec: { replicas: 3 },
      status: { replicas: 2, selector: 'genwarden.dev/pool=scaled' },
    });
    const { code, stderr } = await tryKubectl(['scale', 'gwp/scaled', '--replicas=1001', '-n', namespace]);
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('spec.replicas') });
  });

  test('shows its workers and its queue', async () => {
    await apply(pool('shown', { paused: true }), namespace);
    const oldestQueuedTime = new Date(Date.now() - 600_000).toISOString();
    await patchStatus('gwp/shown', {
      ready: '2/3',
      queued: 17,
      running: 8,
      oldestQueuedTime,
      conditions: [
        { type: 'Paused', status: 'True', reason: 'PausedBySpec', message: '', lastTransitionTime: oldestQueuedTime },
      ],
    });
    expect(await row('gwp', 'shown')).toMatchObject({
      READY: '2/3',
      QUEUED: '17',
      RUNNING: '8',
      OLDEST: '10m',
      PAUSED: 'True',
      AGE: expect.any(String),
    });
  });
});

test('the CRDs are small enough for client-side apply', async () => {
  for (const [name, text] of definitionFiles()) {
    const { code, stdout, stderr } = await tryApply(text, namespace, '--dry-run=server');
    expect({ name, code, stderr, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('genwarden.dev') });
  }
});

test.each(readdirSync(examples))('examples/kubernetes/%s is taken', async (name) => {
  const { code, stderr } = await tryApply(readFileSync(join(examples, name), 'utf8'), namespace, '--dry-run=server');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test('both kinds are in one category', async () => {
  await apply([job('listed'), pool('listed')], namespace);
  const names = await kubectl('get', 'genwarden', '-n', namespace, '-o', 'name');
  expect(names).toContain('generationjob.genwarden.dev/listed');
  expect(names).toContain('workerpool.genwarden.dev/listed');
});

test('a resource can be changed by client-side and by server-side apply', async () => {
  await apply(pool('both', { concurrency: 2 }), namespace);
  await apply(pool('both', { concurrency: 3 }), namespace);
  await apply(pool('both', { concurrency: 5 }), namespace, '--server-side', '--force-conflicts');
  expect((await getObject('gwp', 'both', namespace)).spec.concurrency).toBe(5);
});

test.each([
  ['gj', 'one request with 1 to 500 tasks'],
  ['gj.spec.input.prompt', 'What to generate'],
  ['gj.spec.policy.runTimeout', 'from 100ms to 1d'],
  ['gj.status.conditions.reason', 'CamelCase'],
  ['gwp.spec.autoscaling.targetQueueTime', 'How long a task may wait'],
  ['gwp.spec.template.tolerations.effect', 'NoSchedule'],
])('kubectl explain %s', async (field, says) => {
  expect((await kubectl('explain', field)).replaceAll(/\s+/g, ' ')).toContain(says);
});

const patch = (object: string, change: object, ...more: string[]) =>
  tryKubectl(['patch', object, '-n', namespace, '--type=merge', '-p', JSON.stringify(change), ...more]);

async function patchStatus(object: string, status: object): Promise<void> {
  expect(await patch(object, { status }, '--subresource=status')).toMatchObject({ code: 0, stderr: '' });
}

const condition = (type: string) => ({
  type,
  status: 'True',
  reason: 'Tested',
  message: '',
  observedGeneration: 1,
  lastTransitionTime: new Date().toISOString(),
});

/** What `kubectl get` prints, by column. */
async function row(type: string, name: string, ...more: string[]): Promise<Record<string, string>> {
  const [header = '', values = ''] = (await kubectl('get', type, name, '-n', namespace, ...more)).split('\n');
  const cells = values.split(/\s+/);
  return Object.fromEntries(header.split(/\s+/).map((column, at) => [column, cells[at] ?? '']));
}
