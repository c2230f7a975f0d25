// What `kubectl genwarden doctor` says about objects of a cluster. test/cluster/faults/doctor.test.ts injects the causes for real.

import { expect, test } from 'vitest';
import { checkCluster, judge } from '../../../../src/cli/kubectl/doctor/index.ts';
import { complaintIn } from '../../../../src/cli/kubectl/doctor/lastWords.ts';
import type { KubeEvent, Pod, Workload } from '../../../../src/cli/kubectl/doctor/kinds.ts';
import type { ClusterView } from '../../../../src/cli/kubectl/doctor/view.ts';
import { KubeError } from '../../../../src/ports/kubernetes.ts';

const now = Date.UTC(2026, 10, 29, 12);
const namespace = 'prod';

const metadataOf = (name: string, component: string, more: object = {}) => ({
  name,
  namespace,
  uid: name,
  resourceVersion: '1',
  creationTimestamp: new Date(now - 3_600_000).toISOString(),
  labels: { 'app.kubernetes.io/component': component, 'app.kubernetes.io/instance': 'genwarden' },
  ...more,
});

interface Shape {
  replicas?: number;
  ready?: number;
  kind?: string;
  env?: object[];
}

function workload(component: string, shape: Shape = {}): Workload {
  const { replicas = 1, kind = 'Deployment', env = [] } = shape;
  const { ready = replicas } = shape;
  const spec = { replicas, template: { spec: { containers: [{ name: component, env }] } } };
  const status = { replicas, readyReplicas: ready };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: metadataOf(`genwarden-${component}`, component),
    spec,
    status,
  } as Workload;
}

function pod(component: string, status: object, kind = 'ReplicaSet', more: object = {}): Pod {
  const owner = kind === 'ReplicaSet' ? `genwarden-${component}-7d9f` : `genwarden-${component}`;
  const ownerReferences = [{ apiVersion: 'apps/v1', kind, name: owner, uid: owner, controller: true }];
  const metadata = metadataOf(`genwarden-${component}-7d9f-x2x4z`, component, { ownerReferences, ...more });
  const containers = [{ name: component, resources: { limits: { memory: '256Mi' } } }];
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers }, status };
}

function view(change: Partial<ClusterView> = {}): ClusterView {
  const workloads = change.workloads ?? ['api', 'controller', 'operator'].map((component) => workload(component));
  const operators = workloads.filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/component'] === 'operator');
  return {
    server: '10.0.0.1:443',
    now,
    namespace,
    workloads,
    operators,
    pods: [],
    events: [],
    claims: [],
    policies: [],
    storageClasses: [],
    definitions: undefined,
    pools: [],
    jobs: [],
    secrets: new Map(),
    words: new Map(),
    unread: [],
    ...change,
  };
}

const failures = (of: ClusterView): string[] =>
  judge(of)
    .filter(({ ok }) => !ok)
    .map(({ name, says, advice }) => `${name}: ${says} → ${advice}`);

const waiting = (name: string, reason: string, message = '', more: object = {}) => ({
  containerStatuses: [{ name, ready: false, state: { waiting: { reason, message } }, ...more }],
});

const withIll = (component: string, status: object, change: Partial<ClusterView> = {}): ClusterView =>
  view({
    workloads: ['api', 'controller', 'operator'].map((one) => workload(one, one === component ? { ready: 0 } : {})),
    pods: [pod(component, status)],
    ...change,
  });

test('a sound installation has no failed check', () => {
  expect(failures(view())).toEqual([]);
});

test('a pod that waits is named with its reason, its message and a command', () => {
  const missing = waiting('api', 'CreateContainerConfigError', 'secret "gemini" not found');
  expect(failures(withIll('api', missing))).toEqual([
    'api: 0 of 1 pod ready. Pod genwarden-api-7d9f-x2x4z: CreateContainerConfigError: secret "gemini" not found → Create it: `kubectl create secret generic gemini -n prod --from-literal=KEY=VALUE`. The values of the chart name its entries.',
  ]);
  expect(failures(withIll('api', waiting('api', 'ImagePullBackOff', 'Back-off pulling')))[0]).toContain(
    'image.repository',
  );
});

test('a crash loop says what the process said last', () => {
  const crashing = waiting('api', 'CrashLoopBackOff', 'back-off', {
    restartCount: 4,
    lastState: { terminated: { exitCode: 78, reason: 'Error' } },
  });
  const words = new Map([['genwarden-api-7d9f-x2x4z', 'GENWARDEN_RETENTION=soon is not a duration']]);
  expect(failures(withIll('api', crashing, { words }))[0]).toBe(
    'api: 0 of 1 pod ready. Pod genwarden-api-7d9f-x2x4z: CrashLoopBackOff: container api ended 4 times, last with code 78: GENWARDEN_RETENTION=soon is not a duration → `kubectl logs genwarden-api-7d9f-x2x4z -n prod -c api --previous`',
  );
  const killed = waiting('api', 'CrashLoopBackOff', '', {
    restartCount: 2,
    lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
  });
  expect(failures(withIll('api', killed))[0]).toContain('OOMKilled: container api exceeded its memory limit of 256Mi');
});

test('pods that cannot be created or scheduled say why', () => {
  const refused = {
    ...workload('api', { ready: 0 }),
    status: {
      replicas: 0,
      conditions: [
        { type: 'ReplicaFailure', status: 'True', message: 'forbidden: exceeded quota: tight, requested: pods=1' },
      ],
    },
  } as Workload;
  const workloads = [refused, workload('controller'), workload('operator')];
  expect(failures(view({ workloads }))[0]).toMatch(
    /exceeded quota: tight.*kubectl describe resourcequota tight -n prod/,
  );
  const pending = {
    phase: 'Pending',
    conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes' }],
  };
  expect(failures(withIll('api', pending))[0]).toMatch(/Pending, Unschedulable: 0\/1 nodes.*kubectl describe nodes/);
});

test('a volume that cannot be mounted is found in the events', () => {
  const status = waiting('api', 'ContainerCreating');
  const event = {
    metadata: metadataOf('e', 'api'),
    involvedObject: { kind: 'Pod', name: 'genwarden-api-7d9f-x2x4z' },
    reason: 'FailedMount',
    message: 'MountVolume.SetUp failed for volume "nats": secret "nats-tls" not found',
    lastTimestamp: new Date(now - 1_000).toISOString(),
  } as unknown as KubeEvent;
  expect(failures(withIll('api', status, { events: [event] }))[0]).toContain('kubectl create secret generic nats-tls');
});

test('while NATS is down the others only point to it, unless they have another cause', () => {
  const nats = workload('nats', { kind: 'StatefulSet', replicas: 0, ready: 0 });
  const notReady = { conditions: [{ type: 'Ready', status: 'False' }] };
  const of = view({
    workloads: [workload('api', { ready: 0 }), workload('controller', { ready: 0 }), workload('operator'), nats],
    pods: [pod('api', notReady), pod('controller', waiting('controller', 'ImagePullBackOff'))],
  });
  expect(failures(of).map((line) => line.split(' → ')[0])).toEqual([
    'nats: StatefulSet genwarden-nats is scaled to 0',
    'api: not ready, because NATS is not',
    'controller: 0 of 1 pod ready. Pod genwarden-controller-7d9f-x2x4z: ImagePullBackOff: ',
  ]);
});

test('a missing operator, and an installation that does not exist', () => {
  expect(failures(view({ workloads: [workload('api'), workload('controller')] }))[0]).toContain(
    'operator: namespace prod has no Deployment of the operator',
  );
  expect(failures(view({ workloads: [] }))[0]).toContain('installation: there is no Genwarden in namespace prod');
});

test('two installations that watch one namespace', () => {
  const watching = (name: string, watched?: string): Workload =>
    workload('operator', {
      env: [
        { name: 'GENWARDEN_INSTALLATION', value: name },
        ...(watched === undefined ? [] : [{ name: 'GENWARDEN_WATCH_NAMESPACES', value: watched }]),
      ],
    });
  const both = (one?: string, two?: string): string[] =>
    failures(view({ operators: [watching('a', one), watching('b', two)] }));
  expect(both()[0]).toContain('installations: prod/a and prod/b both watch all namespaces');
  expect(both('shop,team')[0]).toContain('both watch namespace shop, team');
  expect(both('shop', 'team,shop')[0]).toContain('both watch namespace shop:');
  expect(both('shop', 'team')).toEqual([]);
});

test('what the user may not read is said, and the rest is checked', async () => {
  const forbidden = new KubeError(403, 'Forbidden', 'no');
  const cluster = {
    host: 'kube:443',
    list: async () => Promise.reject(forbidden),
    get: async () => Promise.reject(forbidden),
    // oxlint-disable-next-line require-yield
    log: async function* () {},
  };
  const checks = await checkCluster(cluster as never, namespace, now);
  expect(checks.at(-1)).toMatchObject({ name: 'rights', seenBy: 'the Kubernetes API at kube:443' });
  expect(checks.at(-1)!.says).toContain('list pods in namespace prod');
  const away = {
    ...cluster,
    list: async () => Promise.reject(new KubeError(0, 'Unreachable', 'connect ECONNREFUSED')),
  };
  expect(await checkCluster(away as never, namespace, now)).toMatchObject([{ name: 'kubernetes', ok: false }]);
});

test('what it reads is asked for together, once the installation is known', async () => {
  const asked = new Set<string>();
  const all = Promise.withResolvers<void>();
  const cluster = {
    host: 'kube:443',
    list: async ({ plural }: { plural: string }) => {
      const isFirst = asked.size === 0;
      asked.add(plural);
      if (asked.size === 10) all.resolve();
      if (!isFirst) await all.promise;
      return { items: [] };
    },
    get: async () => undefined,
    // oxlint-disable-next-line require-yield
    log: async function* () {},
  };
  const checks = await checkCluster(cluster as never, namespace, now);
  expect(checks[0]).toMatchObject({ name: 'installation', ok: false });
});

test('the last complaint of a log, of Genwarden and of nats-server', () => {
  expect(
    complaintIn(['{"level":"warn","msg":"Waiting for NATS","error":"refused"}', '{"level":"info","msg":"x"}']),
  ).toBe('Waiting for NATS: refused');
  expect(complaintIn(['[1] 2026/11/29 [INF] up', '[1] 2026/11/29 12:00:00 [ERR] no space left'])).toBe('no space left');
  const invalid = ['genwarden: One setting is invalid:', '  GENWARDEN_RETENTION=soon is not a duration'];
  expect(complaintIn(invalid)).toBe('genwarden: One setting is invalid: GENWARDEN_RETENTION=soon is not a duration');
  expect(complaintIn(['hello'])).toBeUndefined();
});

test('names GenerationJobs that Kueue will not admit, and why; not those that wait for quota', () => {
  const held = (name: string, reason: string, message: string, status = 'True') => ({
    apiVersion: 'genwarden.dev/v1alpha1',
    kind: 'GenerationJob',
    metadata: { ...metadataOf(name, 'job'), namespace: 'shop' },
    status: {
      installation: 'prod',
      conditions: [{ type: 'Suspended', status, reason, message, lastTransitionTime: '2026-11-29T00:00:00Z' }],
    },
  });
  const missing = "LocalQueue team-x doesn't exist";
  const checks = judge(
    view({
      jobs: [
        held('one', 'InadmissibleByKueue', missing),
        held('two', 'InadmissibleByKueue', missing),
        held('three', 'KueueForbidden', 'No right'),
        held('four', 'QueuedByKueue', 'No quota'),
        held('five', 'AdmittedByKueue', 'Admitted', 'False'),
      ] as never,
    }),
  );
  expect(checks.filter(({ name }) => name === 'jobs of shop').map(({ says, advice }) => `${says} → ${advice}`)).toEqual(
    [
      `2 GenerationJobs (one, two) wait, InadmissibleByKueue: ${missing} → See its queues: \`kubectl get localqueues -n shop\`, \`kubectl get clusterqueues\`.`,
      '1 GenerationJob (three) waits, KueueForbidden: No right → `helm upgrade … --set operator.kueue=true`.',
    ],
  );
});
