// The chart in a cluster without Genwarden's CRDs: one install creates the CRDs and the first resource, an uninstall keeps the
// CRDs, and the next install of the same release adopts them. The test refuses to run beside another installation in the
// cluster, which would lose its resources.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { applyDefinitions, testValues } from './support/genwarden.ts';
import { chartFolder, helm, helmWith, tryHelm } from './support/helm.ts';
import { getObject, kubectl, listObjects, tryKubectl } from './support/kubectl.ts';
import { testNamespace } from './support/namespace.ts';

const namespace = testNamespace('chart-definitions');
const definitions = ['generationjobs.genwarden.dev', 'generationschedules.genwarden.dev', 'workerpools.genwarden.dev'];
const waiting = ['-n', namespace, '--wait', '--timeout', '180s'];
const values = {
  ...testValues,
  crds: { enabled: true },
  nats: { ...(testValues['nats'] as object), persistence: { enabled: false } },
};

beforeAll(async () => {
  await until(noPools, { what: 'a cluster without WorkerPools (another installation is in it)', timeoutMs: 60_000 });
  await kubectl('delete', 'crd', ...definitions, '--ignore-not-found', '--timeout=60s');
});
afterAll(async () => {
  await tryHelm(['uninstall', 'genwarden', '-n', namespace, '--ignore-not-found', '--wait', '--timeout', '60s']);
  await kubectl('delete', 'crd', ...definitions, '--ignore-not-found', '--timeout=60s');
  await applyDefinitions();
});

/** The operator creates it once it leads. Until then, `get` fails. */
const untilPool = () =>
  until(() => getObject('gwp', 'default', namespace), { what: 'the first pool', timeoutMs: 30_000 });

async function noPools(): Promise<boolean> {
  const { code, stdout } = await tryKubectl(['get', 'workerpools', '-A', '-o', 'name']);
  return code !== 0 || stdout.trim() === '';
}

test('one install creates the CRDs and the first WorkerPool', async () => {
  await helmWith(values, 'install', 'genwarden', chartFolder, ...waiting);
  const pool = await untilPool();
  expect(pool.spec.models.image[0]).toBe('gemini-3.1-flash-image');
  const output = await helm('test', 'genwarden', '-n', namespace, '--logs', '--timeout', '150s');
  expect(output).toContain('✓ a job generates an image');
});

test('an uninstall keeps the CRDs and deletes the pool', async () => {
  expect(await helm('uninstall', 'genwarden', ...waiting)).toContain('resource policy');
  const gone = async (): Promise<boolean> => (await listObjects('gwp', namespace)).length === 0;
  await until(gone, { what: 'the end of the pool', timeoutMs: 60_000 });
  await kubectl('get', 'crd', ...definitions);
});

test('the same release can be installed again', async () => {
  await helmWith(values, 'install', 'genwarden', chartFolder, ...waiting);
  await untilPool();
});

test('with crds.keep=false, an uninstall deletes the CRDs', async () => {
  await helmWith({ ...values, crds: { enabled: true, keep: false } }, 'upgrade', 'genwarden', chartFolder, ...waiting);
  await helm('uninstall', 'genwarden', ...waiting);
  const { stdout } = await tryKubectl(['get', 'crd', ...definitions, '--ignore-not-found', '-o', 'name']);
  expect(stdout).toBe('');
});
