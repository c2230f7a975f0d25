// The custom resources on their way from v1alpha1 to v1beta1 in a real API server, release by release and back.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KubeClient, loadKubeconfig } from '../../../src/adapters/kubernetes/index.ts';
import { writeResults } from '../../../src/operator/generationJob/results.ts';
import { configMapType } from '../../../src/operator/resources/builtInKinds.ts';
import type { GenerationJob } from '../../../src/operator/resources/generationJob.ts';
import { generationJobType, generationScheduleType, workerPoolType } from '../../../src/operator/resources/kinds.ts';
import type { KubeObject, ResourceType } from '../../../src/ports/kubernetes.ts';
import { until } from '../../support/until.ts';
import { applyDefinitions } from '../support/genwarden.ts';
import { aJob, aScene } from '../support/jobScene.ts';
import { apply, kubectl, tryApply, tryKubectl, untilObject, type Any } from '../support/kubectl.ts';
import { testNamespace } from '../support/namespace.ts';
import { applyStage, type Example, examples } from '../support/resourceVersions.ts';
import { run } from '../support/run.ts';

const namespace = testNamespace('versions');
const plugin = new URL('../../../bin/kubectl-genwarden', import.meta.url).pathname;
const client = new KubeClient({
  kubeconfig: await loadKubeconfig('InvalidConfiguration'),
  program: 'genwarden-operator',
  version: 'test',
});

const types: Record<Example['kind'], ResourceType> = {
  GenerationJob: generationJobType,
  GenerationSchedule: generationScheduleType,
  WorkerPool: workerPoolType,
};
type Version = 'v1alpha1' | 'v1beta1';
const typeIn = (kind: Example['kind'], version: Version): ResourceType => ({ ...types[kind], version });

const body = (version: Version, { kind, name }: Pick<Example, 'kind' | 'name'>, more: object) => ({
  apiVersion: `genwarden.dev/${version}`,
  kind,
  metadata: { name, namespace },
  ...more,
});

/** Every example, as a client of that version reads it, without the version. */
const readAll = async (version: Version): Promise<Map<string, unknown>> => {
  const read = await Promise.all(
    all.map(async ({ kind, name }) => {
      const object = await client.get<KubeObject>(typeIn(kind, version), { namespace, name });
      expect(object?.apiVersion).toBe(`genwarden.dev/${version}`);
      const { spec, status, metadata } = object!;
      const { uid, labels } = metadata;
      return [`${kind} ${name}`, { spec, status, uid, labels }] as const;
    }),
  );
  return new Map(read);
};

const applyAs = (version: Version, manager: string, name: string, spec: object) =>
  tryApply(
    body(version, { kind: 'WorkerPool', name }, { spec: { models, ...spec } }),
    namespace,
    '--server-side',
    `--field-manager=${manager}`,
  );
const applied = { code: 0, stdout: expect.stringContaining('serverside-applied') };

const poolIn = (version: Version, name: string) =>
  client.get<Any & KubeObject>(typeIn('WorkerPool', version), { namespace, name });

const writeStatus = (version: Version, name: string, status: object) =>
  client.applyStatus<Any & KubeObject>(
    typeIn('WorkerPool', version),
    body(version, { kind: 'WorkerPool', name }, { status }),
  );

/** The next change of the pool that a client of that version sees. */
async function nextSeen(version: Version, name: string, change: () => Promise<unknown>): Promise<Any> {
  const [type, stop] = [typeIn('WorkerPool', version), new AbortController()];
  const { resourceVersion } = await client.list(type, { namespace });
  const watch = client.watch<Any & KubeObject>(type, { namespace, resourceVersion }, stop.signal);
  await change();
  try {
    for await (const event of watch)
      if (event.event !== 'bookmark' && event.object.metadata.name === name) return event.object;
    throw new Error('the watch ended');
  } finally {
    stop.abort();
  }
}

const migrate = () => run(plugin, ['migrate-storage-version']);

const storedVersions = async (): Promise<string[]> => {
  const names = Object.values(types).map(({ plural }) => `${plural}.genwarden.dev`);
  const list = JSON.parse(await kubectl('get', 'crd', ...names, '-o', 'json')) as { items: Any[] };
  return list.items.map(({ status }) => status.storedVersions.join());
};

const models = { image: ['gemini-3.1-flash-image'] };
const all = examples();
let before: Map<string, unknown>;

/** Every example as a client of this release stores it, with a status, and what they own. */
beforeAll(async () => {
  await applyDefinitions();
  const created = all.map(({ spec, ...each }) => body('v1alpha1', each, { spec }));
  await apply(created, namespace, '--server-side', '--validate=false');
  for (const { status, ...each } of all)
    await client.applyStatus(typeIn(each.kind, 'v1alpha1'), body('v1alpha1', each, { status }));
  before = await readAll('v1alpha1');
  const job = await client.get<GenerationJob>(generationJobType, { namespace, name: 'job-0' });
  await writeResults(client, job!, 'results', []);
  const { metadata } = (await client.get<KubeObject>(generationScheduleType, { namespace, name: 'schedule-0' }))!;
  const owner = {
    apiVersion: 'genwarden.dev/v1alpha1',
    kind: 'GenerationSchedule',
    name: 'schedule-0',
    uid: metadata.uid,
  };
  const scheduled = body('v1alpha1', { kind: 'GenerationJob', name: 'scheduled' }, { spec: all[0]!.spec });
  await client.create(generationJobType, {
    ...scheduled,
    metadata: { ...scheduled.metadata, ownerReferences: [owner] },
  });
}, 120_000);

afterAll(async () => {
  for (const stage of ['stored', 'served'] as const) await applyStage(stage);
  await migrate();
  await applyDefinitions();
  client.close();
}, 120_000);

test('stored as v1alpha1, an object is the same in both versions, with every field of spec and status', async () => {
  await applyStage('served');
  expect(await readAll('v1beta1')).toEqual(before);
  await applyStage('stored');
  expect(await readAll('v1alpha1')).toEqual(before);
  expect(await readAll('v1beta1')).toEqual(before);
  expect(await storedVersions()).toEqual(Array.from({ length: 3 }, () => 'v1alpha1,v1beta1'));
});

test('clients of both versions apply, write the status of and watch one object', async () => {
  expect(await applyAs('v1alpha1', 'argocd', 'shared', { concurrency: 3, paused: true })).toMatchObject(applied);
  await writeStatus('v1alpha1', 'shared', { ready: '1/1' });
  const seenByOld = await nextSeen('v1alpha1', 'shared', () =>
    applyAs('v1beta1', 'argocd', 'shared', { concurrency: 5 }),
  );
  // The manager has dropped `paused`, so that it has its default again: its fields were known in the other version.
  expect(seenByOld).toMatchObject({
    apiVersion: 'genwarden.dev/v1alpha1',
    spec: { concurrency: 5, paused: false },
    status: { ready: '1/1' },
  });
  const seenByNew = await nextSeen('v1beta1', 'shared', () =>
    writeStatus('v1alpha1', 'shared', { ready: '2/2', queued: 4 }),
  );
  expect(seenByNew).toMatchObject({
    apiVersion: 'genwarden.dev/v1beta1',
    spec: { concurrency: 5 },
    status: { ready: '2/2', queued: 4 },
  });
  // A status that is written in the other version leaves the owners of the spec: kubernetes issue 133704.
  expect(await applyAs('v1alpha1', 'other', 'shared', { concurrency: 7 })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('conflict with "argocd": .spec.concurrency'),
  });
});

test('kubectl takes the new version, and warns of the deprecated one', async () => {
  const get = (type: string) => tryKubectl(['get', type, 'pool-0', '-n', namespace, '-o', 'jsonpath={.apiVersion}']);
  expect(await get('gwp')).toEqual({ code: 0, stdout: 'genwarden.dev/v1beta1', stderr: '' });
  expect(await get('workerpools.v1alpha1.genwarden.dev')).toEqual({
    code: 0,
    stdout: 'genwarden.dev/v1alpha1',
    stderr: 'Warning: genwarden.dev/v1alpha1 WorkerPool is deprecated; use genwarden.dev/v1beta1 WorkerPool\n',
  });
});

test('an operator and a plugin of v1alpha1 run what is written as v1beta1', async () => {
  const scene = await aScene();
  await scene.startOperator();
  const inBeta = (object: Any): Any => ({ ...object, apiVersion: 'genwarden.dev/v1beta1' });
  await apply(inBeta(aJob('yard')), scene.namespace);
  await kubectl('wait', '--for=condition=Complete', 'gj/yard', '-n', scene.namespace, '--timeout=60s');
  expect(await scene.plugin('get', 'gj/yard', '-o', 'json')).toContain('"succeeded"');
  expect(scene.standin.requests).toHaveLength(1);
  const owned = {
    apiVersion: 'genwarden.dev/v1beta1',
    kind: 'WorkerPool',
    metadata: { name: 'other' },
    spec: { models },
  };
  await apply(owned, scene.namespace);
  await untilObject('gwp', 'other', scene.namespace, ({ status }) => status?.observedGeneration === 1, {
    what: 'the status of a pool',
  });
});

test('back to the release before: what v1beta1 leaves in managedFields would stop it, and the migration removes it', async () => {
  await applyStage('served');
  expect(await migrate()).toMatch(
    /workerpools.genwarden.dev: \d+ in genwarden.dev\/v1alpha1, \d+ rewritten; storedVersions v1alpha1, v1beta1 -> v1alpha1/,
  );
  expect(await applyAs('v1beta1', 'argocd', 'late', { concurrency: 3 })).toMatchObject(applied);
  await applyStage('today');
  const refused = 'request to convert CR to an invalid group/version: genwarden.dev/v1beta1';
  await expect(writeStatus('v1alpha1', 'late', { ready: '1/1' })).rejects.toThrow(refused);
  await applyStage('served');
  await migrate();
  await applyStage('today');
  expect(await writeStatus('v1alpha1', 'late', { ready: '1/1' })).toMatchObject({ spec: { concurrency: 3 } });
  expect(await applyAs('v1alpha1', 'argocd', 'shared', { concurrency: 6 })).toMatchObject(applied);
  expect(await readAll('v1alpha1')).toEqual(before);
});

test('forward, until v1alpha1 is removed: everything is there, can be applied, and owns what it owned', async () => {
  await applyStage('served');
  await applyStage('stored');
  const said = await migrate();
  console.log(said);
  expect(said).toMatch(
    /generationjobs.genwarden.dev: 2\d in genwarden.dev\/v1beta1, 2\d rewritten; storedVersions v1alpha1, v1beta1 -> v1beta1/,
  );
  expect(said).toMatch(/configmaps: \d+ of GenerationJobs name them in the storage version/);
  expect(await migrate()).toMatch(
    /generationjobs.genwarden.dev: 2\d in genwarden.dev\/v1beta1, 0 rewritten; storedVersions v1beta1\n/,
  );
  expect(await storedVersions()).toEqual(['v1beta1', 'v1beta1', 'v1beta1']);
  await applyStage('unserved');
  expect(await poolIn('v1alpha1', 'shared')).toBeUndefined();
  await applyStage('removed');
  expect(await readAll('v1beta1')).toEqual(before);
  expect(await applyAs('v1beta1', 'argocd', 'shared', { concurrency: 8 })).toMatchObject(applied);
  expect(await writeStatus('v1beta1', 'pool-0', { ready: '3/3' })).toMatchObject({ status: { ready: '3/3' } });
  const scheduled = await client.get(typeIn('GenerationJob', 'v1beta1'), { namespace, name: 'scheduled' });
  expect(scheduled?.metadata.ownerReferences).toMatchObject([{ apiVersion: 'genwarden.dev/v1beta1' }]);
  // The garbage collector looks up an owner by the version in the reference.
  await client.delete(typeIn('GenerationJob', 'v1beta1'), { namespace, name: 'job-0' });
  const isGone = async () => (await client.get(configMapType, { namespace, name: 'results' })) === undefined;
  await until(isGone, { what: 'no results of a deleted job', timeoutMs: 120_000 });
}, 300_000);
