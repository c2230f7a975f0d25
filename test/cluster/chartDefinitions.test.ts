// The chart in a cluster without Genwarden's CRDs: one install creates the CRDs and the first resource, an uninstall keeps the
// CRDs, and the next install of the same release adopts them. The test refuses to run beside another installation in the
// cluster, which would lose its resources. The release has the longest name that helm allows, and its namespace has a quota and a
// limit on everything that a container can ask for; its pods have ids as on OpenShift.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { applyDefinitions, testValues } from './support/genwarden.ts';
import { chartFolder, helm, helmWith, tryHelm } from './support/helm.ts';
import { apply, getObject, kubectl, listObjects, tryKubectl } from './support/kubectl.ts';
import { testNamespace } from './support/namespace.ts';

const namespace = testNamespace('chart-definitions');
const definitions = ['generationjobs.genwarden.dev', 'generationschedules.genwarden.dev', 'workerpools.genwarden.dev'];
const waiting = ['-n', namespace, '--wait', '--timeout', '180s'];
const release = 'pictures-of-the-marketing-department-in-europe-west-1';
const values = {
  ...testValues,
  global: {
    resources: { limits: { cpu: '4' } },
    // Ids as OpenShift gives them, which no image knows.
    podSecurityContext: { runAsUser: 1_000_660_000, runAsGroup: 0, fsGroup: 1_000_660_000 },
  },
  crds: { enabled: true },
  nats: { ...(testValues['nats'] as object), persistence: { enabled: false } },
};

beforeAll(async () => {
  await until(noPools, { what: 'a cluster without WorkerPools (another installation is in it)', timeoutMs: 60_000 });
  await kubectl('delete', 'crd', ...definitions, '--ignore-not-found', '--timeout=60s');
  await apply(quota, namespace);
  await apply(limitRange, namespace);
});
afterAll(async () => {
  await tryHelm(['uninstall', release, '-n', namespace, '--ignore-not-found', '--wait', '--timeout', '60s']);
  await kubectl('delete', 'crd', ...definitions, '--ignore-not-found', '--timeout=60s');
  await applyDefinitions();
});

/** Pods whose containers leave out any of these are rejected. */
const quota = {
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: 'quota' },
  spec: {
    hard: {
      'requests.cpu': '20',
      'requests.memory': '40Gi',
      'requests.ephemeral-storage': '100Gi',
      'limits.cpu': '200',
      'limits.memory': '80Gi',
      'limits.ephemeral-storage': '200Gi',
    },
  },
};

const limitRange = {
  apiVersion: 'v1',
  kind: 'LimitRange',
  metadata: { name: 'limits' },
  // Rejects containers without both, where a maximum would give them what they lack.
  spec: { limits: [{ type: 'Container', maxLimitRequestRatio: { cpu: '1000', memory: '10' } }] },
};

/** The operator creates it once it leads. Until then, `get` fails. */
const untilPool = () =>
  until(() => getObject('gwp', 'default', namespace), { what: 'the first pool', timeoutMs: 30_000 });

async function noPools(): Promise<boolean> {
  const { code, stdout } = await tryKubectl(['get', 'workerpools', '-A', '-o', 'name']);
  return code !== 0 || stdout.trim() === '';
}

test('one install creates the CRDs and the first WorkerPool', async () => {
  await helmWith(values, 'install', release, chartFolder, ...waiting);
  const pool = await untilPool();
  expect(pool.spec.models.image[0]).toBe('gemini-3.1-flash-image');
  const output = await helm('test', release, '-n', namespace, '--logs', '--timeout', '150s');
  expect(output).toContain('✓ a job generates an image');
  const { status } = await getObject('resourcequota', 'quota', namespace);
  console.log(`used of the quota: ${JSON.stringify(status.used)}`);
});

test('an upgrade does not rename everything', async () => {
  const renamed = { ...values, fullnameOverride: 'pictures' };
  await expect(helmWith(renamed, 'upgrade', release, chartFolder, ...waiting)).rejects.toThrow(
    /objects of this release are named (\S+), and would be named pictures, .* Set fullnameOverride: \1/,
  );
});

test('an uninstall keeps the CRDs and deletes the pool', async () => {
  expect(await helm('uninstall', release, ...waiting)).toContain('resource policy');
  const gone = async (): Promise<boolean> => (await listObjects('gwp', namespace)).length === 0;
  await until(gone, { what: 'the end of the pool', timeoutMs: 60_000 });
  await kubectl('get', 'crd', ...definitions);
});

test('the same release can be installed again', async () => {
  await helmWith(values, 'install', release, chartFolder, ...waiting);
  await untilPool();
});

test('with crds.keep=false, an uninstall deletes the CRDs', async () => {
  await helmWith({ ...values, crds: { enabled: true, keep: false } }, 'upgrade', release, chartFolder, ...waiting);
  await helm('uninstall', release, ...waiting);
  const { stdout } = await tryKubectl(['get', 'crd', ...definitions, '--ignore-not-found', '-o', 'name']);
  expect(stdout).toBe('');
});
