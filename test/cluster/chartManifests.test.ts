// What the chart renders, for each of the value sets in values/: linted, and accepted by a real API server in a namespace
// that enforces Pod Security "restricted"; k8s/ is that rendering, and is accepted likewise.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { tempFolder } from '../support/tempFolder.ts';
import { foreignKinds, type ForeignKinds, provideForeignKinds } from './support/foreignKinds.ts';
import { applyDefinitions } from './support/genwarden.ts';
import { chartFolder, helm, tryHelm } from './support/helm.ts';
import { type Any, tryKubectl } from './support/kubectl.ts';
import { createNamespace, removeNamespace, testNamespace } from './support/namespace.ts';
import { run } from './support/run.ts';

const namespace = testNamespace('chart-manifests');
const root = join(chartFolder, '../..');
const valuesFolder = join(import.meta.dirname, 'values');
const sets = readdirSync(valuesFolder).map((name) => name.replace('.yaml', ''));
const watched = ['chart-team-a', 'chart-team-b'];
let foreign: ForeignKinds;

beforeAll(async () => {
  await applyDefinitions();
  foreign = await provideForeignKinds();
  for (const name of watched) await createNamespace(name);
});
afterAll(async () => {
  for (const name of watched) await removeNamespace(name);
  await foreign?.remove();
});

/** Without a cluster, helm takes a version of its own for the cluster's. */
const version = ['--kube-version', '1.36.0'];

async function render(...more: string[]): Promise<Any[]> {
  const text = await helm('template', 'genwarden', chartFolder, '-n', namespace, ...version, ...more);
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Any)
    .filter((object) => object !== null);
}

const dryRun = (objects: readonly Any[]) =>
  tryKubectl(['apply', '--dry-run=server', '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
  });

test('there are at least six sets of values', () => {
  expect(sets.length).toBeGreaterThanOrEqual(6);
});

describe.each(sets)('values %s', (set) => {
  const file = join(valuesFolder, `${set}.yaml`);

  test('are linted', async () => {
    expect(await helm('lint', '--strict', ...version, chartFolder, '--values', file)).toContain('0 chart(s) failed');
  });

  test('give objects that the API server takes', async () => {
    // Pods have their own test: in a dry run their account is not there.
    const objects = (await render('--values', file)).filter(({ kind }) => kind !== 'Pod');
    const { code, stdout, stderr } = await dryRun(objects);
    expect({ code, stderr: complaints(stderr) }).toEqual({ code: 0, stderr: [] });
    expect(stdout.trim().split('\n')).toHaveLength(objects.length);
    const lent = objects.filter(({ kind }) => foreignKinds.includes(kind)).map(({ kind }) => kind);
    console.log(
      `${set}: ${objects.length} objects taken, ${lent.length} of them of kinds lent for the test (${lent.join()})`,
    );
  });

  test('give pods that Pod Security "restricted" admits', async () => {
    const pods = podsOf(await render('--values', file));
    expect(pods.length).toBeGreaterThanOrEqual(5);
    const { code, stderr } = await dryRun(pods);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

/** Of stderr, all but the note that an object was not made by `kubectl apply` before. */
const complaints = (stderr: string): string[] =>
  stderr.split('\n').filter((line) => line !== '' && !line.includes('last-applied-configuration'));

/** Pod Security judges pods; a workload with a pod that it would refuse is taken with a warning at most. */
function podsOf(objects: readonly Any[]): Any[] {
  const workers = objects.flatMap(({ data }) =>
    data?.['template.json'] === undefined ? [] : [JSON.parse(data['template.json'])],
  );
  const templates = objects
    .filter(({ kind }) => ['Deployment', 'StatefulSet'].includes(kind))
    .map(({ spec }) => spec.template);
  const tests = objects.filter(({ kind }) => kind === 'Pod');
  return [...templates, ...workers, ...tests].map(({ metadata, spec }, index) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { labels: metadata.labels, name: `pod-${index}`, namespace },
    // The claim of a StatefulSet is a volume only in its pods, and accounts are not there in a dry run.
    spec: { ...spec, serviceAccountName: 'default', volumes: [...(spec.volumes ?? []), ...claimsOf(spec)] },
  }));
}

const claimsOf = ({ containers, volumes = [] }: Any): Any[] =>
  containers[0].volumeMounts
    ?.filter(({ name }: Any) => !volumes.some((volume: Any) => volume.name === name))
    .map(({ name }: Any) => ({ name, emptyDir: {} })) ?? [];

describe('contradictory values are rejected with a reason', () => {
  test.each([
    [['nats.external.urls={nats://nats:4222}'], 'requires nats.auth.existingSecret'],
    [['nats.replicas=3'], 'the bundled NATS is a single server'],
    [['nats.auth.credsSecret=creds'], 'requires an external NATS'],
    [['gemini.apiKeys={a}', 'gemini.existingSecret=b'], 'only one of them'],
    [['api.ingress.enabled=true'], 'requires api.ingress.hosts'],
    [['metrics.serviceMonitor.enabled=true', 'metrics.podMonitor.enabled=true'], 'collect every metric twice'],
    [['api.replica=3'], "additional properties 'replica' not allowed"],
  ])('%j', async (settings, message) => {
    const flags = settings.flatMap((setting) => ['--set', setting]);
    const { code, stderr } = await tryHelm(['template', 'genwarden', chartFolder, ...version, ...flags]);
    expect(code).not.toBe(0);
    expect(stderr).toContain(message);
  });
});

describe('k8s/', () => {
  test('is what the chart renders (make manifests)', async () => {
    await using folder = await tempFolder();
    await run(join(root, 'hack/render-k8s.sh'), [folder.path]);
    for (const name of ['development', 'production']) {
      const fresh = readFileSync(join(folder.path, name, 'genwarden.yaml'), 'utf8');
      expect(readFileSync(join(root, 'k8s', name, 'genwarden.yaml'), 'utf8'), `k8s/${name}`).toBe(fresh);
    }
  });

  describe('in the namespace that it names', () => {
    let made = false;
    beforeAll(async () => {
      made = (await tryKubectl(['create', 'namespace', 'genwarden'])).code === 0;
    });
    afterAll(async () => {
      if (made) await removeNamespace('genwarden');
    });

    test.each(['development', 'production'])('%s is accepted by kubectl apply -k', async (environment) => {
      const folder = join(root, 'k8s', environment);
      const { code, stdout, stderr } = await tryKubectl(['apply', '-k', folder, '--dry-run=server']);
      expect({ code, stderr: complaints(stderr) }).toEqual({ code: 0, stderr: [] });
      expect(stdout).toContain('deployment.apps/genwarden-operator');
      expect(stdout).toContain('customresourcedefinition.apiextensions.k8s.io/workerpools.genwarden.dev');
    });
  });
});
