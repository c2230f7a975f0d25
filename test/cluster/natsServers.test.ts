// The chart's own NATS with three servers and TLS by a given secret: they come up, keep three replicas, and a job runs. What would
// lose jobs, or never start, is refused before anything is changed.

import { parse } from 'yaml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applyDefinitions, installGenwarden, testValues, type InstalledGenwarden } from './support/genwarden.ts';
import { chartFolder, helm, tryHelm } from './support/helm.ts';
import { apply, getObject, kubectl, listObjects, tryApply, type Any } from './support/kubectl.ts';
import { testNamespace } from './support/namespace.ts';
import { createNatsCertificate, natsTlsSecret } from './support/natsTls.ts';

const namespace = testNamespace('nats-servers');
const nats = { replicas: 3, tls: { existingSecret: natsTlsSecret }, resources: { requests: { cpu: '10m' } } };
let genwarden: InstalledGenwarden;

beforeAll(async () => {
  await (await createNatsCertificate(namespace))[Symbol.asyncDispose]();
  genwarden = await installGenwarden(namespace, { api: { replicas: 1 }, controller: { replicas: 1 }, nats });
});
afterAll(() => genwarden?.uninstall());

test('three servers keep every stream and bucket, and a job runs', async () => {
  const { client } = genwarden;
  const { id } = await client.submit({ kind: 'image', input: { prompt: 'a lighthouse' } });
  expect(await client.wait(id, { signal: AbortSignal.timeout(60_000) })).toMatchObject({ state: 'succeeded' });
  const replicas = (await streams()).map(({ config, cluster }) => [config.num_replicas, cluster.replicas.length]);
  expect(replicas.length).toBeGreaterThanOrEqual(7);
  expect(new Set(replicas.map(String))).toEqual(new Set(['3,2']));
});

test('the notes no longer speak of an evaluation', async () => {
  expect(await helm('get', 'notes', 'genwarden', '-n', namespace)).not.toContain('single server');
});

test('an upgrade that would lose the jobs is refused with the reason', async () => {
  const input = JSON.stringify({ ...testValues, nats: { ...(testValues['nats'] as object), replicas: 1 } });
  const upgrade = ['upgrade', 'genwarden', chartFolder, '-n', namespace, '--values', '-'];
  const { code, stderr } = await tryHelm(upgrade, input);
  expect({ code, stderr }).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(
      'this release runs three NATS servers, and a single one cannot take over their jobs',
    ),
  });
  const { spec } = await getObject('statefulset', 'genwarden-nats', namespace);
  expect(spec.replicas).toBe(3);
});

test('Kubernetes refuses it too, for those who render without a cluster', async () => {
  const single = await helm(
    'template',
    'genwarden',
    chartFolder,
    '-n',
    namespace,
    '-s',
    'templates/nats/statefulset.yaml',
  );
  const forced = ['--server-side', '--force-conflicts', '--dry-run=server'];
  const { code, stderr } = await tryApply(single, namespace, ...forced);
  expect({ code, stderr }).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('updates to statefulset spec for fields other than'),
  });
});

test('an upgrade of a single server from the previous chart changes nothing that Kubernetes keeps', async () => {
  const statefulSet = ['template', 'older', chartFolder, '-n', namespace, '-s', 'templates/nats/statefulset.yaml'];
  const text = await helm(...statefulSet);
  const before = text.replace('- apiVersion: v1\n      kind: PersistentVolumeClaim\n      metadata:', '- metadata:');
  expect(before).not.toBe(text);
  const older = parse(before.replace(/^ *volumeMode: .*\n/m, '')) as Any;
  await apply({ ...older, spec: { ...older['spec'], replicas: 0 } }, namespace);
  const now = parse(text) as Any;
  const { code, stderr } = await tryApply(now, namespace, '--dry-run=server');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  await kubectl('delete', 'statefulset', now['metadata'].name, '-n', namespace);
});

test('without any StorageClass, an installation is refused instead of waiting for volumes', async () => {
  await applyDefinitions();
  const classes = await listObjects('storageclass', 'default');
  expect(classes).toEqual([]);
  const input = JSON.stringify({ ...testValues, crds: { enabled: true } });
  const install = ['install', 'other', chartFolder, '-n', namespace, '--dry-run=server', '--values', '-'];
  const { code, stderr } = await tryHelm(install, input);
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('has no default StorageClass') });
});

interface StreamDetail {
  readonly config: { readonly num_replicas: number };
  readonly cluster: { readonly replicas: readonly object[] };
}

/** Of the first server, which has a replica of each. */
async function streams(): Promise<StreamDetail[]> {
  const { status } = await getObject('pod', 'genwarden-nats-0', namespace);
  const answer = await fetch(`http://${status.podIP}:8222/jsz?streams=1&config=1`);
  const { account_details } = (await answer.json()) as { account_details: { stream_detail: StreamDetail[] }[] };
  return account_details.flatMap(({ stream_detail }) => stream_detail);
}
