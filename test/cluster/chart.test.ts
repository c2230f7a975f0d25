// The lifecycle of the chart with real pods: install, test, restart of everything, upgrade, rollback, uninstall with open jobs.
// The release is named `genwarden`, whose service variables would collide with settings if pods got them.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { GenwardenClient } from '../../src/client/index.ts';
import { until } from '../support/until.ts';
import { applyDefinitions, testValues } from './support/genwarden.ts';
import { differences } from './support/differences.ts';
import { chartFolder, helm, helmWith } from './support/helm.ts';
import { type Any, apply, getObject, kubectl, listObjects, tryKubectl, untilObject } from './support/kubectl.ts';
import { testNamespace } from './support/namespace.ts';
import { provideVolume, type TestVolume } from './support/volume.ts';

const namespace = testNamespace('chart');
const release = 'genwarden';
// Workers whose NATS is gone end with their attempt.
const values = { ...testValues, defaultPool: { policy: { attemptTimeout: '20s' } } };
const waiting = ['-n', namespace, '--wait', '--timeout', '180s'];
let volume: TestVolume;

beforeAll(async () => {
  await applyDefinitions();
  volume = await provideVolume(namespace, 'data-genwarden-nats-0');
});
afterAll(async () => {
  await helm('uninstall', release, '-n', namespace, '--ignore-not-found');
  await volume?.remove();
});

/** Through the Service, with the token from the Secret that the chart created. */
async function clientOf(): Promise<GenwardenClient> {
  const { spec } = await getObject('service', 'genwarden-api', namespace);
  return new GenwardenClient({ url: `http://${spec.clusterIP}`, token: (await secrets()).token! });
}

/** The values that the chart generated. */
async function secrets(): Promise<Record<string, string>> {
  const names = ['genwarden-api-token', 'genwarden-nats-auth'];
  const found = await Promise.all(names.map((name) => getObject('secret', name, namespace)));
  const entries = found.flatMap(({ data }) => Object.entries(data as Record<string, string>));
  return Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));
}

const pool = (): Promise<Any> => getObject('gwp', 'default', namespace);

/** The operator applies it once it leads, shortly after it is Ready. */
const untilPoolHas = (concurrency: number): Promise<Any> =>
  untilObject('gwp', 'default', namespace, ({ spec }) => spec.concurrency === concurrency, {
    what: `a pool of concurrency ${concurrency}`,
  });

async function untilAllReady(): Promise<void> {
  for (const name of ['api', 'controller', 'operator', 'standin'])
    await kubectl('rollout', 'status', `deployment/genwarden-${name}`, '-n', namespace, '--timeout=120s');
  await kubectl('rollout', 'status', 'statefulset/genwarden-nats', '-n', namespace, '--timeout=120s');
  await kubectl('rollout', 'status', 'deployment/genwarden-worker-default', '-n', namespace, '--timeout=120s');
}

async function picture(): Promise<true> {
  const client = await clientOf();
  const job = await client.submit({ kind: 'image', input: { prompt: 'a lighthouse' } });
  const ended = await client.wait(job.id, { signal: AbortSignal.timeout(60_000) });
  expect(ended.tasks?.[0]).toMatchObject({ state: 'succeeded' });
  return true;
}

describe('helm install', () => {
  test('--wait, then the first image', async () => {
    const begun = performance.now();
    await helmWith(values, 'install', release, chartFolder, ...waiting);
    const ready = performance.now();
    await until(picture, { what: 'the first picture', timeoutMs: 60_000, intervalMs: 200 });
    const seconds = (from: number): string => ((performance.now() - from) / 1000).toFixed(1);
    console.log(
      `helm install --wait ${((ready - begun) / 1000).toFixed(1)} s, to the first picture ${seconds(begun)} s`,
    );
  });

  test('provides a token and access to the API, as NOTES.txt describes', async () => {
    const notes = await helm('get', 'notes', release, '-n', namespace);
    const [, command] = /GENWARDEN_TOKEN=\$\((.*)\)/.exec(notes)!;
    const [path] = /(?<=jsonpath=')[^']*/.exec(command!)!;
    const token = await kubectl('get', 'secret', '-n', namespace, 'genwarden-api-token', '-o', `jsonpath=${path}`);
    expect(Buffer.from(token, 'base64').toString()).toBe((await secrets()).token);
    expect(notes).toContain('service/genwarden-api 8080:80');
    expect(notes).toContain('NATS runs as a single server, which is meant for evaluation');
  });

  test('helm test runs a job from end to end', async () => {
    const output = await helm('test', release, '-n', namespace, '--logs', '--timeout', '150s');
    expect(output).toContain('✓ a job generates an image');
    expect(output).toContain('✓ the API rejects requests without a token');
  });

  test('the API requires a token', async () => {
    const { spec } = await getObject('service', 'genwarden-api', namespace);
    expect((await fetch(`http://${spec.clusterIP}/v1/jobs`)).status).toBe(401);
  });
});

test('applying the rendering, as Argo CD does, replaces no pod, and changes nothing the second time', async () => {
  const rendered = await helmWith(values, 'template', release, chartFolder, '-n', namespace, '--skip-tests');
  const podNames = async (): Promise<string[]> =>
    (await listObjects('pods', namespace)).map(({ metadata }) => metadata.name as string).toSorted();
  const versions = async (): Promise<Record<string, string>> => {
    const all = await listObjects('deployments,statefulsets,configmaps,services,secrets,roles,gwp', namespace);
    // The version of a workload or pool also counts changes of its status.
    return Object.fromEntries(
      all.map(({ kind, metadata }) => [`${kind} ${metadata.name}`, metadata.generation ?? metadata.resourceVersion]),
    );
  };
  const before = await podNames();
  const applied = (): Promise<void> =>
    apply(rendered, namespace, '--server-side', '--force-conflicts', '--field-manager=argocd-controller');
  await applied();
  const first = await versions();
  await applied();
  expect(await versions()).toEqual(first);
  expect(await podNames()).toEqual(before);
  const get = ['get', '-n', namespace, '-f', '-', '-o', 'json'];
  const live: Any[] = JSON.parse((await tryKubectl(get, { input: rendered })).stdout).items;
  const manifests = parseAllDocuments(rendered).flatMap((document): Any[] => document.toJS() ?? []);
  const drift = manifests.flatMap((manifest, index) => {
    // The API server moves stringData into data.
    return differences({ ...manifest, stringData: {} }, live[index], `${manifest.kind} ${manifest['metadata'].name}`);
  });
  expect(live.length).toBe(manifests.length);
  expect(drift).toEqual([]);
});

describe('pods', () => {
  test('have no Kubernetes token, except for the operator', async () => {
    const pods = await listObjects('pods', namespace);
    const isToken = ({ projected }: Any): boolean =>
      projected?.sources?.some((source: Any) => source.serviceAccountToken !== undefined) ?? false;
    const withToken = pods.filter(({ spec }) => (spec.volumes ?? []).some(isToken));
    expect(pods.length).toBeGreaterThan(6);
    expect(componentsOf(withToken)).toEqual(['operator']);
  });

  test('have no service variables, except those of the API server', async () => {
    for (const name of ['deployment/genwarden-api', 'deployment/genwarden-worker-default']) {
      const script = "console.log(Object.keys(process.env).join('\\n'))";
      const variables = await kubectl('exec', name, '-n', namespace, '--', 'node', '-e', script);
      expect(variables.match(/^GENWARDEN_.*_SERVICE_(HOST|PORT)/gm)).toBe(null);
      expect(variables).toContain('KUBERNETES_SERVICE_HOST\n');
    }
  });

  test('are Ready again after all have been deleted at once', async () => {
    const before = (await listObjects('pods', namespace)).map(({ metadata }) => metadata.uid as string);
    await kubectl('delete', 'pods', '-n', namespace, '-l', 'app.kubernetes.io/name=genwarden', '--wait=false');
    const replaced = async (): Promise<boolean> => {
      const now = (await listObjects('pods', namespace)).map(({ metadata }) => metadata.uid as string);
      return now.every((uid) => !before.includes(uid));
    };
    await until(replaced, { what: 'new pods', timeoutMs: 100_000, intervalMs: 500 });
    await untilAllReady();
    await until(picture, { what: 'a picture by the new pods', timeoutMs: 60_000, intervalMs: 500 });
    const restarts = (await listObjects('pods', namespace)).flatMap(({ status }) =>
      status.containerStatuses.map(({ restartCount }: Any) => restartCount as number),
    );
    expect(Math.max(...restarts)).toBe(0);
  }, 240_000);
});

const componentsOf = (pods: readonly Any[]): string[] => [
  ...new Set(pods.map(({ metadata }) => metadata.labels['app.kubernetes.io/component'] as string)),
];

describe('helm upgrade and rollback', () => {
  let before: Record<string, string>;
  let poolBefore: Any;

  beforeAll(async () => {
    before = await secrets();
    poolBefore = await pool();
  });

  test('an upgrade with the same values replaces no pod', async () => {
    const names = async (): Promise<string[]> =>
      (await listObjects('pods', namespace)).map(({ metadata }) => metadata.name as string).toSorted();
    const earlier = await names();
    await helmWith(values, 'upgrade', release, chartFolder, ...waiting);
    expect(await names()).toEqual(earlier);
  });

  test('an upgrade keeps token, passwords and the pool, and applies new values to the pool', async () => {
    await kubectl('scale', 'gwp/default', '--replicas=2', '-n', namespace);
    const changed = { ...values, settings: { logLevel: 'debug' } };
    await helmWith(changed, 'upgrade', release, chartFolder, ...waiting);
    expect(await secrets()).toEqual(before);
    const kept = await pool();
    expect(kept.metadata.uid).toBe(poolBefore.metadata.uid);
    // Scaled manually, and the upgrade did not change the pool.
    expect(kept.spec.replicas).toBe(2);

    const wider = { ...changed, defaultPool: { ...values.defaultPool, concurrency: 6 } };
    await helmWith(wider, 'upgrade', release, chartFolder, ...waiting);
    const now = await untilPoolHas(6);
    expect(now.metadata.uid).toBe(poolBefore.metadata.uid);
    expect(now.spec.replicas).toBe(1);
    await picture();
  }, 240_000);

  test('so does a rollback', async () => {
    await helm('rollback', release, '1', ...waiting);
    expect(await secrets()).toEqual(before);
    const now = await untilPoolHas(4);
    expect(now.metadata.uid).toBe(poolBefore.metadata.uid);
    await untilAllReady();
    await picture();
  });
});

describe('helm uninstall', () => {
  const job = { apiVersion: 'genwarden.dev/v1alpha1', kind: 'GenerationJob', metadata: { name: 'open' } };

  test('with open jobs leaves no object in Terminating, and keeps CRDs and resources', async () => {
    await apply({ ...job, spec: { kind: 'image', input: { prompt: 'a lighthouse [standin: hang]' } } }, namespace);
    const client = await clientOf();
    await client.submit({ kind: 'image', input: { prompt: 'another [standin: hang]' } });
    const isRunning = async (): Promise<boolean> => {
      const running = await Array.fromAsync(client.list({ state: ['running'] }));
      return running.length > 0;
    };
    await until(isRunning, { what: 'running jobs', timeoutMs: 30_000 });
    const begun = performance.now();
    await helm('uninstall', release, ...waiting);
    // Workers without NATS keep running their tasks, for up to the longest attempt of their pool.
    const gone = async (): Promise<boolean> => {
      // The pod of `helm test` stays, Completed, so that its log can be read.
      const left = await listObjects('pods,deployments,gwp', namespace, 'app.kubernetes.io/component!=test');
      return left.length === 0;
    };
    await until(gone, { what: 'the end of pods and pools', timeoutMs: 240_000, intervalMs: 500 });
    console.log(
      `helm uninstall with open jobs: nothing left after ${((performance.now() - begun) / 1000).toFixed(1)} s`,
    );
    const { metadata } = await getObject('gj', 'open', namespace);
    expect(metadata.deletionTimestamp).toBe(undefined);
    expect(metadata.finalizers).toBe(undefined);
    await kubectl('get', 'crd', 'generationjobs.genwarden.dev', 'workerpools.genwarden.dev');
  }, 360_000);

  test('the namespace can be deleted', async () => {
    const { code, stderr } = await tryKubectl(['delete', 'namespace', namespace, '--timeout=90s']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});
