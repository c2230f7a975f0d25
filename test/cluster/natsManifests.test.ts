// What the chart renders for one NATS server and for three, without asking a cluster: what keeps jobs during a rolling update, who may
// connect, and that nats-server accepts the configuration.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { describe, expect, test } from 'vitest';
import { findNatsServer } from '../../src/processes/dev/natsBinary.ts';
import { selfSigned } from '../support/selfSigned.ts';
import { tempFolder } from '../support/tempFolder.ts';
import { chartFolder, helmWith } from './support/helm.ts';
import type { Any } from './support/kubectl.ts';
import { run } from './support/run.ts';

const tls = { existingSecret: 'nats-tls' };
const three = { nats: { replicas: 3, tls }, networkPolicy: { enabled: true } };

async function render(values: object): Promise<(kind: string, name: string) => Any> {
  const command = ['template', 'genwarden', chartFolder, '-n', 'pictures', '--kube-version', '1.36.0'];
  const objects = parseAllDocuments(await helmWith(values, ...command)).map((document) => document.toJS() as Any);
  return (kind, name) => objects.find((one) => one?.kind === kind && one['metadata'].name === name)!;
}

describe('three servers', () => {
  const rendered = render(three);
  const statefulSet = async (): Promise<Any> => (await rendered)('StatefulSet', 'genwarden-nats')['spec'];

  test('start together, and are replaced one after the other once their replicas are current', async () => {
    const { replicas, podManagementPolicy, minReadySeconds, template } = await statefulSet();
    expect({ replicas, podManagementPolicy, minReadySeconds }).toEqual({
      replicas: 3,
      podManagementPolicy: 'Parallel',
      minReadySeconds: 10,
    });
    const { startupProbe, livenessProbe, readinessProbe, lifecycle } = template.spec.containers[0];
    expect(startupProbe.httpGet.path).toBe('/healthz');
    expect(readinessProbe.httpGet.path).toBe('/healthz?js-server-only=true');
    // A server that copies a large store is not restarted.
    expect(livenessProbe).toMatchObject({ httpGet: { path: '/healthz?js-enabled-only=true' } });
    expect(startupProbe.failureThreshold * startupProbe.periodSeconds).toBe(3_600);
    expect(lifecycle.preStop.exec.command).toEqual(['nats-server', '--signal', 'ldm=/tmp/nats.pid']);
  });

  test('have more time to stop than lame duck mode takes', async () => {
    const { data } = (await rendered)('ConfigMap', 'genwarden-nats');
    const [, seconds] = /lame_duck_duration: (\d+)s/.exec(data['nats.conf'])!;
    expect((await statefulSet())['template'].spec.terminationGracePeriodSeconds).toBeGreaterThan(Number(seconds) + 10);
  });

  test('find each other before they are Ready, and clients only those that are', async () => {
    const find = await rendered;
    const { serviceName } = await statefulSet();
    expect(find('Service', serviceName)['spec']).toMatchObject({ clusterIP: 'None', publishNotReadyAddresses: true });
    expect(find('Service', 'genwarden-nats')['spec'].publishNotReadyAddresses).toBe(undefined);
    expect(find('PodDisruptionBudget', 'genwarden-nats')['spec'].maxUnavailable).toBe(1);
  });

  test('prefer different nodes, or insist on them', async () => {
    const affinityOf = async (spec: Any): Promise<string[]> =>
      Object.keys(spec['template'].spec.affinity.podAntiAffinity);
    expect(await affinityOf(await statefulSet())).toEqual(['preferredDuringSchedulingIgnoredDuringExecution']);
    const find = await render({ nats: { replicas: 3, antiAffinity: 'required' } });
    const { spec } = find('StatefulSet', 'genwarden-nats');
    expect(await affinityOf(spec)).toEqual(['requiredDuringSchedulingIgnoredDuringExecution']);
  });

  test('are the only ones that reach the port of routes', async () => {
    const { spec } = (await rendered)('NetworkPolicy', 'genwarden-nats');
    const routes = spec.ingress.find(({ ports }: Any) => ports[0].port === 'route');
    expect(routes.from).toEqual([{ podSelector: { matchLabels: spec.podSelector.matchLabels } }]);
    expect(JSON.stringify(spec.egress)).toContain('6222');
  });

  test('count each replica in the limits of the account', async () => {
    const { data } = (await rendered)('ConfigMap', 'genwarden-nats');
    expect(data['nats.conf']).toContain(`max_file: ${3 * 8 * 1024 ** 3},`);
  });

  test('clients verify the servers', async () => {
    const { spec } = (await rendered)('Deployment', 'genwarden-api');
    const [{ env }] = spec.template.spec.containers;
    const valueOf = (name: string): unknown => env.find((one: Any) => one['name'] === name)?.value;
    expect(valueOf('GENWARDEN_NATS_URL')).toBe('tls://genwarden-nats:4222');
    expect(valueOf('GENWARDEN_NATS_TLS_CA')).toBe('/etc/genwarden/nats-ca/ca.crt');
    const ca = spec.template.spec.volumes.find(({ name }: Any) => name === 'nats-ca');
    expect(ca.secret).toMatchObject({ secretName: 'nats-tls', items: [{ key: 'ca.crt', path: 'ca.crt' }] });
  });
});

test('one server keeps what Kubernetes does not allow to change, and stops at once', async () => {
  const { spec } = (await render({}))('StatefulSet', 'genwarden-nats');
  expect({ replicas: spec.replicas, service: spec.serviceName, policy: spec.podManagementPolicy }).toEqual({
    replicas: 1,
    service: 'genwarden-nats',
    policy: undefined,
  });
  expect(spec.template.spec.containers[0].lifecycle).toBe(undefined);
  expect(spec.template.spec.containers[0].livenessProbe.httpGet.path).toBe('/healthz');
});

test.each([
  ['one server', {}],
  ['one server with TLS', { nats: { tls } }],
  ['three servers', { nats: { replicas: 3 } }],
  ['three servers with TLS', three],
])('nats-server accepts the configuration of %s', async (_what, values) => {
  const { data } = (await render(values))('ConfigMap', 'genwarden-nats');
  await using folder = await tempFolder();
  const files = { 'tls.crt': selfSigned.cert, 'tls.key': selfSigned.key, 'ca.crt': selfSigned.cert };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder.path, name), content);
  const file = join(folder.path, 'nats.conf');
  await writeFile(file, (data['nats.conf'] as string).replaceAll('/etc/nats-tls/', `${folder.path}/`));
  const users = ['API', 'WORKER', 'CONTROLLER', 'OPERATOR', 'SYSTEM', 'ROUTE'];
  const passwords = users.map((user) => [`NATS_${user}_PASSWORD`, "'12k'"]);
  const routes = [0, 1, 2].map((index) => [`NATS_ROUTE_${index}`, `'nats://route:12k@nats-${index}:6222'`]);
  const env = Object.fromEntries([...passwords, ...routes, ['POD_NAME', 'genwarden-nats-0']]);
  await run(findNatsServer()!, ['-c', file, '-t'], { env });
});
