// The chart in a production setup: an external NATS with the accounts and permissions of docs/kubernetes.md, Secrets from
// k8s/create-secrets.sh, rights in one namespace only, NetworkPolicies.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { read } from '../tidy/repository.ts';
import { applyDefinitions, testValues } from './support/genwarden.ts';
import { chartFolder, helm, helmWith, tryHelm } from './support/helm.ts';
import { natsImage } from './support/images.ts';
import { apply, getObject, kubectl, logsOf, tryKubectl, waitForCondition } from './support/kubectl.ts';
import { testNamespace } from './support/namespace.ts';
import { restrictedPod } from './support/pod.ts';
import { run } from './support/run.ts';

const namespace = testNamespace('chart-external');
const values = {
  ...testValues,
  controller: { replicas: 1 },
  api: { replicas: 1, auth: { existingSecret: 'genwarden-api-token' } },
  gemini: { existingSecret: 'genwarden-gemini-keys', requestsPerMinute: 6000 },
  nats: { auth: { existingSecret: 'genwarden-nats-auth' }, external: { urls: ['nats://outside:4222'] } },
  operator: { watchNamespaces: [namespace] },
  networkPolicy: { enabled: true },
};

beforeAll(async () => {
  await applyDefinitions();
  await run(join(chartFolder, '../../k8s/create-secrets.sh'), [namespace]);
  await apply(outsideNats(), namespace);
  await waitForCondition('pod/outside', 'Ready', namespace);
});
afterAll(() => tryHelm(['uninstall', 'genwarden', '-n', namespace, '--ignore-not-found', '--wait']));

/** The NATS configuration that the page gives to administrators. */
function documentedConfig(): string {
  const [, accounts] = /<<'CONF'; \} >genwarden\.conf\n([^]*?)\nCONF\n/.exec(read('docs/kubernetes.md'))!;
  const permissions = read('charts/genwarden/files/nats-permissions.conf').replaceAll('%PREFIX%', 'genwarden');
  return `${permissions}\n${accounts}\n`;
}

function outsideNats(): object[] {
  const pod = restrictedPod({ name: 'outside', image: natsImage, args: ['-c', '/etc/nats/nats.conf'] });
  const [container] = pod.spec.containers;
  container.env = ['api', 'worker', 'controller', 'operator', 'system'].map((user) => ({
    name: `NATS_${user.toUpperCase()}_PASSWORD`,
    valueFrom: { secretKeyRef: { name: 'genwarden-nats-auth', key: `${user}-password` } },
  }));
  container.readinessProbe = { httpGet: { path: '/healthz', port: 8222 }, periodSeconds: 1 };
  container.volumeMounts.push({ name: 'config', mountPath: '/etc/nats' });
  pod.spec.volumes.push({ name: 'config', configMap: { name: 'outside' } });
  pod['metadata'].labels = { app: 'outside' };
  const conf = 'include genwarden.conf\nmax_payload: 8MB\nhttp: 8222\njetstream { store_dir: /tmp/js }\n';
  return [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'outside' },
      data: { 'nats.conf': conf, 'genwarden.conf': documentedConfig() },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'outside' },
      spec: { selector: { app: 'outside' }, ports: [{ port: 4222 }] },
    },
    pod,
  ];
}

test('installs without a NATS server', async () => {
  await helmWith(values, 'install', 'genwarden', chartFolder, '-n', namespace, '--wait', '--timeout', '180s');
  const { stdout } = await tryKubectl([
    'get',
    'statefulsets,secrets',
    '-n',
    namespace,
    '-o',
    'name',
    '-l',
    'helm.sh/chart',
  ]);
  expect(stdout).toBe('');
});

test('a job runs to completion', async () => {
  const output = await helm('test', 'genwarden', '-n', namespace, '--logs', '--timeout', '150s');
  expect(output).toContain('✓ a job generates an image');
});

test('so does a GenerationJob in the watched namespace, with rights in that namespace only', async () => {
  const spec = { kind: 'image', input: { prompt: 'a lighthouse' } };
  const job = { apiVersion: 'genwarden.dev/v1alpha1', kind: 'GenerationJob', metadata: { name: 'watched' }, spec };
  await apply(job, namespace);
  await waitForCondition('gj/watched', 'Complete', namespace);
  expect((await getObject('gj', 'watched', namespace)).status.state).toBe('succeeded');
  const roles = await kubectl('get', 'clusterrolebindings', '-o', 'name', '-l', 'helm.sh/chart');
  expect(roles).not.toContain(namespace);
});

test('NATS refused no request', async () => {
  expect(await logsOf('pod/outside', namespace)).not.toMatch(/violation|authorization|error/i);
});
