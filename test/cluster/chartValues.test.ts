// What the values of the chart that every component shares make of its pods, and what a cluster's own rules need: registries,
// proxies, IP families, OpenShift, quotas and long names. Only rendered: chartManifests.test.ts shows that API servers accept it.
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { chartFolder, helmWith, tryHelm } from './support/helm.ts';
import type { Any } from './support/kubectl.ts';

const kubeVersion = ['--kube-version', '1.36.0'];

async function render(values: object, flags: readonly string[] = [], release = 'genwarden'): Promise<Any[]> {
  const given = { crds: { enabled: false }, standin: { enabled: true }, ...values };
  const text = await helmWith(given, 'template', release, chartFolder, '-n', 'pictures', ...kubeVersion, ...flags);
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Any)
    .filter((object) => object !== null);
}

interface Rendered {
  readonly name: string;
  readonly workload: Any;
  readonly metadata: Any;
  readonly spec: Any;
  /** The component's own container. */
  readonly own: Any;
}

/** Every pod: of workloads, of `helm test`, and of the template of workers. */
function podsOf(objects: readonly Any[]): Rendered[] {
  const template = objects.find(({ data }) => data?.['template.json'] !== undefined);
  const workers = JSON.parse(template!.data['template.json']);
  const pods = objects.flatMap((workload) => {
    if (workload.kind === 'Pod') return [{ name: 'test', workload, ...workload }];
    if (!['Deployment', 'StatefulSet'].includes(workload.kind)) return [];
    const pod = workload.spec.template;
    return [{ name: pod.metadata.labels['app.kubernetes.io/component'], workload, ...pod }];
  });
  return [...pods, { name: 'worker', workload: workers.deployment ?? {}, ...workers }].map(
    ({ name, workload, metadata, spec }) => {
      return { name, workload, metadata, spec, own: spec.containers.find((one: Any) => one.name === name) };
    },
  );
}

/** What each pod says, if all say the same. */
function everywhere<Value>(pods: readonly Rendered[], read: (pod: Rendered) => Value): Value {
  for (const pod of pods) expect({ pod: pod.name, is: read(pod) }).toEqual({ pod: pod.name, is: read(pods[0]!) });
  return read(pods[0]!);
}

test('global shapes every pod, and a component its own', async () => {
  const global = {
    nodeSelector: { disk: 'fast' },
    tolerations: [{ key: 'pictures', operator: 'Exists' }],
    affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
    topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' }],
    priorityClassName: 'high',
    runtimeClassName: 'gvisor',
    schedulerName: 'mine',
    hostAliases: [{ ip: '10.0.0.1', hostnames: ['a'] }],
    dnsPolicy: 'None',
    dnsConfig: { nameservers: ['10.0.0.2'] },
    hostUsers: false,
    podSpecExtra: { setHostnameAsFQDN: true },
    automountServiceAccountToken: false,
    podAnnotations: { note: 'here' },
    podLabels: { team: 'pictures' },
    extraEnvFrom: [{ secretRef: { name: 'env' } }],
    extraContainers: [{ name: 'sidecar', image: 'sidecar' }],
    extraInitContainers: [{ name: 'first', image: 'first', restartPolicy: 'Always' }],
    extraVolumes: [{ name: 'extra', emptyDir: {} }],
    extraVolumeMounts: [{ name: 'extra', mountPath: '/extra' }],
    lifecycle: { postStart: { sleep: { seconds: 1 } } },
    livenessProbe: { failureThreshold: 9 },
    deploymentAnnotations: { owner: 'me' },
    revisionHistoryLimit: 3,
    strategy: { type: 'Recreate' },
  };
  const worker = { nodeSelector: { gpu: 'none' }, dnsPolicy: 'Default', podLabels: { team: 'workers' } };
  const all = podsOf(await render({ global, worker }));
  const everyPod = ['api', 'controller', 'nats', 'operator', 'standin', 'test', 'worker'];
  expect(all.map(({ name }) => name).toSorted()).toEqual(everyPod);
  const others = all.filter(({ name }) => name !== 'worker');
  for (const field of ['affinity', 'topologySpreadConstraints', 'priorityClassName', 'runtimeClassName'])
    expect(everywhere(all, ({ spec }) => spec[field])).toEqual(global[field as keyof typeof global]);
  for (const field of ['schedulerName', 'hostAliases', 'dnsConfig', 'hostUsers', 'automountServiceAccountToken'])
    expect(everywhere(all, ({ spec }) => spec[field])).toEqual(global[field as keyof typeof global]);
  for (const { spec } of all) expect(spec.tolerations).toContainEqual(global.tolerations[0]);
  expect(everywhere(all, ({ metadata }) => metadata.annotations.note)).toBe('here');
  expect(everywhere(all, ({ spec }) => spec.setHostnameAsFQDN)).toBe(true);
  expect(everywhere(all, ({ own }) => own.envFrom)).toEqual(global.extraEnvFrom);
  expect(everywhere(all, ({ spec }) => spec.containers.at(-1))).toEqual(global.extraContainers[0]);
  expect(everywhere(all, ({ spec }) => spec.initContainers[0])).toEqual(global.extraInitContainers[0]);
  expect(everywhere(all, ({ spec }) => spec.volumes.at(-1))).toEqual(global.extraVolumes[0]);
  expect(everywhere(all, ({ own }) => own.volumeMounts.at(-1))).toEqual(global.extraVolumeMounts[0]);
  expect(everywhere(all, ({ own }) => own.lifecycle.postStart)).toEqual(global.lifecycle.postStart);
  expect(everywhere(all, ({ own }) => own.livenessProbe.failureThreshold)).toBe(9);
  expect(all.find(({ name }) => name === 'api')!.own.lifecycle.preStop).toBeDefined();
  expect(everywhere(others, ({ spec }) => [spec.nodeSelector, spec.dnsPolicy])).toEqual([{ disk: 'fast' }, 'None']);
  expect(everywhere(others, ({ metadata }) => metadata.labels.team)).toBe('pictures');
  const { spec, metadata, workload } = all.find(({ name }) => name === 'worker')!;
  expect([spec.nodeSelector, spec.dnsPolicy]).toEqual([{ disk: 'fast', gpu: 'none' }, 'Default']);
  expect(metadata.labels.team).toBe('workers');
  const { deploymentAnnotations: annotations, revisionHistoryLimit, strategy } = global;
  expect(workload).toEqual({ annotations, revisionHistoryLimit, strategy });
  const deployments = others.filter(({ workload: { kind } }) => kind === 'Deployment');
  expect(deployments.length).toBe(4);
  expect(everywhere(deployments, (pod) => pod.workload.spec.strategy)).toEqual({ type: 'Recreate' });
  const workloads = others.filter(({ name }) => name !== 'test');
  expect(everywhere(workloads, (pod) => pod.workload.metadata.annotations)).toEqual({ owner: 'me' });
  expect(everywhere(workloads, (pod) => pod.workload.spec.revisionHistoryLimit)).toBe(3);
});

test('a variable, a volume or a mount of the values replaces the one of the same name, which is there once', async () => {
  const extraEnv = [
    { name: 'GENWARDEN_LOG_LEVEL', value: 'debug' },
    { name: 'API_URL', value: 'http://elsewhere' },
    { name: 'OWN', value: '1' },
  ];
  const extraVolumes = [{ name: 'tmp', emptyDir: { medium: 'Memory' } }];
  const pods = podsOf(
    await render({ global: { extraEnv, extraVolumes }, api: { extraEnv: [{ name: 'OWN', value: '2' }] } }),
  );
  for (const { name, spec, own } of pods) {
    const names: string[] = own.env.map((one: Any) => one.name);
    expect(names.filter((each, index) => names.indexOf(each) !== index)).toEqual([]);
    expect(own.env).toContainEqual({ name: 'GENWARDEN_LOG_LEVEL', value: 'debug' });
    expect(own.env).toContainEqual({ name: 'OWN', value: name === 'api' ? '2' : '1' });
    const volumes: string[] = spec.volumes.map((one: Any) => one.name);
    expect(new Set(volumes).size).toBe(volumes.length);
    expect(spec.volumes).toContainEqual(extraVolumes[0]);
  }
});

test('security contexts: null removes a field, false is kept, and OpenShift gets no ids', async () => {
  const usual = podsOf(await render({}));
  const least = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } };
  const kept = { ...least, fsGroupChangePolicy: 'OnRootMismatch' };
  const ids = { runAsUser: null, runAsGroup: null, fsGroup: null };
  const all = { ...kept, runAsUser: 10001, runAsGroup: 10001, fsGroup: 10001 };
  expect(everywhere(usual, ({ spec }) => spec.securityContext)).toEqual(all);
  const removed = podsOf(await render({ global: { podSecurityContext: ids } }));
  expect(everywhere(removed, ({ spec }) => spec.securityContext)).toEqual(kept);
  const detected = podsOf(await render({}, ['--api-versions', 'security.openshift.io/v1']));
  expect(everywhere(detected, ({ spec }) => spec.securityContext)).toEqual(kept);
  const force = { compatibility: { openshift: { adaptSecurityContext: 'force' } } };
  const own = {
    securityContext: { readOnlyRootFilesystem: false },
    podSecurityContext: { supplementalGroups: [4], fsGroupChangePolicy: null },
  };
  const forced = podsOf(await render({ global: force, api: own }));
  const [api] = forced.filter(({ name }) => name === 'api');
  expect(api!.spec.securityContext).toEqual({ ...least, supplementalGroups: [4] });
  expect(api!.own.securityContext.readOnlyRootFilesystem).toBe(false);
  const others = forced.filter(({ name }) => name !== 'api');
  expect(everywhere(others, ({ own: { securityContext } }) => securityContext.readOnlyRootFilesystem)).toBe(true);
});

test('one registry and its secrets for all images, IP families for all Services', async () => {
  const global = {
    imageRegistry: 'registry.example.com/mirror/',
    imagePullSecrets: [{ name: 'registry' }],
    ipFamilyPolicy: 'PreferDualStack',
    ipFamilies: ['IPv6', 'IPv4'],
  };
  const metrics = { serviceMonitor: { enabled: true } };
  const objects = await render({ global, metrics, imagePullSecrets: [{ name: 'registry' }, { name: 'second' }] });
  const pods = podsOf(objects);
  for (const { own } of pods) expect(own.image).toMatch(/^registry\.example\.com\/mirror\/(genwarden|nats):/);
  expect(everywhere(pods, ({ spec }) => spec.imagePullSecrets)).toEqual([{ name: 'registry' }, { name: 'second' }]);
  const services = objects.filter(({ kind }) => kind === 'Service');
  expect(services.length).toBeGreaterThanOrEqual(4);
  for (const { spec } of services) {
    expect(spec).toMatchObject({ ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6', 'IPv4'] });
    for (const port of spec.ports) expect(port.appProtocol).toMatch(/^(https?|tcp)$/);
  }
  const bound = pods.flatMap(({ own }) => own.env ?? []).filter(({ name }: Any) => /_(HTTP|METRICS)_HOST$/.test(name));
  expect(new Set(bound.map(({ value }: Any) => value))).toEqual(new Set(['::']));
});

test('every process has the proxies, what it calls directly, and the own CA; NATS, the stand-in and helm test do not', async () => {
  const values = {
    proxy: { https: 'http://proxy:3128', noProxy: ['s3.internal'] },
    trustedCA: { configMap: 'own-ca' },
  };
  const pods = podsOf(await render(values));
  const processes = pods.filter(({ name }) => !['nats', 'standin', 'test'].includes(name));
  const proxied = (pod: Rendered) => (pod.own.env ?? []).filter(({ name }: Any) => /PROXY|CA_CERTS/.test(name));
  expect(everywhere(processes, proxied)).toEqual([
    { name: 'HTTPS_PROXY', value: 'http://proxy:3128' },
    { name: 'NO_PROXY', value: '.svc,.cluster.local,genwarden-standin,s3.internal' },
    { name: 'NODE_EXTRA_CA_CERTS', value: '/etc/genwarden/trusted-ca/ca.crt' },
  ]);
  expect(
    everywhere(processes, ({ spec }) => spec.volumes.find((one: Any) => one.name === 'trusted-ca').configMap),
  ).toEqual({
    name: 'own-ca',
    items: [{ key: 'ca.crt', path: 'ca.crt' }],
  });
  for (const pod of pods.filter((one) => !processes.includes(one))) expect(proxied(pod)).toEqual([]);
});

test('every container has requests and limits, with one value also of CPU, as a quota may demand', async () => {
  const pods = podsOf(
    await render({
      global: { resources: { limits: { cpu: '2' } } },
      api: { resources: { limits: { cpu: '3' } } },
      nats: { tls: { existingSecret: 'tls' } },
    }),
  );
  for (const { name, spec } of pods)
    for (const { resources } of [...spec.containers, ...(spec.initContainers ?? [])]) {
      expect(Object.keys(resources.requests).toSorted()).toEqual(['cpu', 'ephemeral-storage', 'memory']);
      expect(Object.keys(resources.limits).toSorted()).toEqual(['cpu', 'ephemeral-storage', 'memory']);
      expect(resources.limits.cpu).toBe(name === 'api' ? '3' : '2');
    }
});

test('names of releases with 53 characters fit, and two that begin alike differ', async () => {
  const long = 'pictures-of-the-marketing-department-in-europe-west-1';
  expect(long.length).toBe(53);
  const metrics = { serviceMonitor: { enabled: true }, dashboard: { enabled: true } };
  const [one, other] = await Promise.all([long, long.replace('-1', '-2')].map((name) => render({ metrics }, [], name)));
  const namesOf = (objects: readonly Any[]): string[] =>
    objects.map(({ kind, metadata: { name } }) => `${kind}/${name}`);
  const shared = namesOf(one!).filter((name) => namesOf(other!).includes(name));
  expect(shared).toEqual([]);
  for (const { kind, metadata, spec } of one!) {
    const longest = kind === 'StatefulSet' ? metadata.name.length + '-0123456789'.length : metadata.name.length;
    if (['Service', 'StatefulSet', 'Deployment', 'Pod'].includes(kind)) expect(longest).toBeLessThanOrEqual(63);
    for (const labels of [metadata.labels, spec?.template?.metadata.labels])
      for (const value of Object.values<string>(labels ?? {})) expect(value.length).toBeLessThanOrEqual(63);
  }
  const renamed = await render({ nameOverride: 'studio' });
  expect(renamed.map(({ metadata: { name } }) => name)).toContain('genwarden-studio-api');
});

test('monitors are left out, with a note, in a cluster without their kinds', async () => {
  const values = { metrics: { podMonitor: { enabled: true }, prometheusRule: { enabled: true } } };
  const kinds = async (...versions: string[]): Promise<string[]> => {
    const objects = await render(
      values,
      versions.flatMap((version) => ['--api-versions', version]),
    );
    return objects.map(({ kind }) => kind).filter((kind) => /Monitor|PrometheusRule/.test(kind));
  };
  expect(await kinds()).toEqual(['PodMonitor', 'PrometheusRule']);
  expect(await kinds('apiregistration.k8s.io/v1')).toEqual([]);
  expect(await kinds('apiregistration.k8s.io/v1', 'monitoring.coreos.com/v1/PodMonitor')).toEqual(['PodMonitor']);
});

test('an HTTPRoute has the timeouts and filters of the values, extra objects are templates, and null leaves replicas to others', async () => {
  const route = { enabled: true, parentRefs: [{ name: 'public' }], filters: [{ type: 'RequestHeaderModifier' }] };
  const extraObjects = [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '{{ .Release.Name }}-a' } },
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: {{ include "genwarden.fullname" . }}-b }',
  ];
  const objects = await render({
    api: { replicas: null, httpRoute: { ...route, timeouts: { request: null } } },
    extraObjects,
  });
  const [rule] = objects.find(({ kind }) => kind === 'HTTPRoute')!.spec.rules;
  expect([rule.timeouts, rule.filters]).toEqual([undefined, route.filters]);
  const names = objects.map(({ metadata: { name } }) => name);
  expect(names).toEqual(expect.arrayContaining(['genwarden-a', 'genwarden-b']));
  const api = podsOf(objects).find(({ name }) => name === 'api')!;
  expect(api.workload.spec).not.toHaveProperty('replicas');
  const usual = await render({ api: { httpRoute: route } });
  expect(usual.find(({ kind }) => kind === 'HTTPRoute')!.spec.rules[0].timeouts).toEqual({ request: '0s' });
});

test('the values of the release before, which know none of this, make the same pods', async () => {
  const gone = [
    'global',
    'proxy',
    'trustedCA',
    'extraObjects',
    'nameOverride',
    'rbac.create',
    'serviceAccount.create',
    'api.service.spec',
  ];
  const flags = ['operator.serviceAccount.create', ...gone].flatMap((path) => ['--set', `${path}=null`]);
  const before = podsOf(await render({}, flags));
  const now = podsOf(await render({}));
  const shape = (pods: readonly Rendered[]) =>
    pods.map(({ name, spec, own }) => [name, spec.securityContext, own.securityContext, own.resources]);
  expect(shape(before)).toEqual(shape(now));
});

test('a wrong key of a component is named', async () => {
  const { stderr } = await tryHelm(['template', 'x', chartFolder, ...kubeVersion, '--set', 'worker.nodeSelectors.a=b']);
  expect(stderr).toContain("at '/worker': additional properties 'nodeSelectors' not allowed");
});
