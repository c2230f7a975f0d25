// The manifests that the chart renders for each value set in values/ pass the linter and are accepted by a real API server, in
// a namespace that enforces Pod Security "restricted". So are the manifests in k8s/.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { tempFolder } from '../support/tempFolder.ts';
import { applyDefinitions } from './support/genwarden.ts';
import { chartFolder, helm, tryHelm } from './support/helm.ts';
import { type Any, apply, kubectl, tryKubectl } from './support/kubectl.ts';
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

/** `helm template` does not ask the cluster for its version. */
const kubeVersion = ['--kube-version', '1.36.0'];

async function render(...more: string[]): Promise<Any[]> {
  const text = await helm('template', 'genwarden', chartFolder, '-n', namespace, ...kubeVersion, ...more);
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Any)
    .filter((object) => object !== null);
}

const dryRun = (objects: readonly Any[]) =>
  tryKubectl(['apply', '--dry-run=server', '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
  });

test('there are at least six value sets', () => {
  expect(sets.length).toBeGreaterThanOrEqual(6);
});

describe.each(sets)('values %s', (set) => {
  const file = join(valuesFolder, `${set}.yaml`);

  test('pass helm lint', async () => {
    expect(await helm('lint', '--strict', ...kubeVersion, chartFolder, '--values', file)).toContain(
      '0 chart(s) failed',
    );
  });

  test('render objects that the API server accepts', async () => {
    // Pods have their own test: in a dry run their service account does not exist.
    const objects = (await render('--values', file)).filter(({ kind }) => kind !== 'Pod');
    const { code, stdout, stderr } = await dryRun(objects);
    expect({ code, stderr: complaints(stderr) }).toEqual({ code: 0, stderr: [] });
    expect(stdout.trim().split('\n')).toHaveLength(objects.length);
    const kindsFound = objects.filter(({ kind }) => foreignKinds.includes(kind)).map(({ kind }) => kind);
    console.log(
      `${set}: ${objects.length} objects accepted, ${kindsFound.length} of foreign kinds (${kindsFound.join()})`,
    );
  });

  test('render pods that Pod Security "restricted" admits', async () => {
    const pods = podsOf(await render('--values', file));
    expect(pods.length).toBeGreaterThanOrEqual(5);
    const { code, stderr } = await dryRun(pods);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

/** Standard error without the note that an object was not created by `kubectl apply`. */
const complaints = (stderr: string): string[] =>
  stderr.split('\n').filter((line) => line !== '' && !line.includes('last-applied-configuration'));

/** Pod Security rejects pods only; it accepts a workload whose pods it would reject, with a warning. */
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
    // The claims of a StatefulSet become volumes only in its pods, and service accounts do not exist in a dry run.
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
    [['nats.replicas=5'], "the chart's own NATS has 1 server or 3"],
    [['nats.replicas=3', 'nats.persistence.enabled=false'], 'requires nats.persistence.enabled'],
    [['nats.replicas=3', 'nats.terminationGracePeriodSeconds=30'], 'needs up to 45 to stop gracefully'],
    [['nats.tls.existingSecret=a', 'nats.tls.issuerRef.name=b'], 'only one of them'],
    [['nats.persistence.size=9Gi'], 'a volume needs a fifth more'],
    [['nats.auth.credsSecret=creds'], 'requires an external NATS'],
    [['gemini.apiKeys={a}', 'gemini.existingSecret=b'], 'only one of them'],
    [['api.ingress.enabled=true'], 'requires api.ingress.hosts'],
    [['metrics.serviceMonitor.enabled=true', 'metrics.podMonitor.enabled=true'], 'collect every metric twice'],
    [['api.replica=3'], "additional properties 'replica' not allowed"],
  ])('%j', async (settings, message) => {
    const flags = settings.flatMap((setting) => ['--set', setting]);
    const { code, stderr } = await tryHelm(['template', 'genwarden', chartFolder, ...kubeVersion, ...flags]);
    expect(code).not.toBe(0);
    expect(stderr).toContain(message);
  });
});

describe('k8s/', () => {
  test('is up to date with the chart (make manifests)', async () => {
    await using folder = await tempFolder();
    await run(join(root, 'hack/render-k8s.sh'), [folder.path]);
    for (const name of ['development', 'production']) {
      const fresh = readFileSync(join(folder.path, name, 'genwarden.yaml'), 'utf8');
      expect(readFileSync(join(root, 'k8s', name, 'genwarden.yaml'), 'utf8'), `k8s/${name}`).toBe(fresh);
    }
  });

  describe('in its namespace', () => {
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

// CRDs of other projects whose objects the chart can create. If the cluster lacks one, the test creates a bare CRD, which checks
// name and scope but no field.
const kinds = [
  { group: 'monitoring.coreos.com', version: 'v1', kind: 'ServiceMonitor', plural: 'servicemonitors' },
  { group: 'monitoring.coreos.com', version: 'v1', kind: 'PodMonitor', plural: 'podmonitors' },
  { group: 'monitoring.coreos.com', version: 'v1', kind: 'PrometheusRule', plural: 'prometheusrules' },
  { group: 'cert-manager.io', version: 'v1', kind: 'Certificate', plural: 'certificates' },
  { group: 'gateway.networking.k8s.io', version: 'v1', kind: 'HTTPRoute', plural: 'httproutes' },
];

const foreignKinds: readonly string[] = kinds.map(({ kind }) => kind);

interface ForeignKinds {
  /** Deletes the CRDs that this test created. */
  remove(): Promise<void>;
}

async function provideForeignKinds(): Promise<ForeignKinds> {
  const created: string[] = [];
  for (const each of kinds) {
    const name = `${each.plural}.${each.group}`;
    if ((await tryKubectl(['get', 'crd', name])).code === 0) continue;
    await apply(definition(each), 'default');
    created.push(name);
  }
  for (const name of created) await kubectl('wait', '--for=condition=Established', `crd/${name}`, '--timeout=30s');
  return {
    remove: async () => {
      for (const name of created) await kubectl('delete', 'crd', name, '--wait=false', '--ignore-not-found');
    },
  };
}

const definition = ({ group, version, kind, plural }: (typeof kinds)[number]) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: `${plural}.${group}`,
    // Required for API groups below k8s.io.
    annotations: { 'api-approved.kubernetes.io': 'unapproved, bare definition for a test' },
  },
  spec: {
    group,
    scope: 'Namespaced',
    names: { kind, plural, singular: kind.toLowerCase() },
    versions: [
      {
        name: version,
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
});
