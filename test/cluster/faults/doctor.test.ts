// Twelve and more causes in one installation of a real cluster: `kubectl genwarden doctor` names each, with the object and what to
// do, also while the API, the operator and NATS are down.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { doctor, injectEach, plugin, type Cause } from '../support/causes.ts';
import { applyDefinitions, type InstalledGenwarden, installGenwarden } from '../support/genwarden.ts';
import { apply, kubectl } from '../support/kubectl.ts';
import { createNamespace, newName, removeNamespace, testNamespace } from '../support/namespace.ts';
import { applyPool, untilCondition } from '../support/workerPool.ts';

const namespace = testNamespace('doctor');
const team = newName('doctor-team');
let genwarden: InstalledGenwarden;

beforeAll(async () => {
  genwarden = await installGenwarden(namespace, {
    api: { replicas: 1 },
    controller: { replicas: 1 },
    operator: { replicas: 1, watchNamespaces: [namespace] },
    defaultPool: { replicas: 1 },
  });
  await createNamespace(team);
});
afterAll(async () => {
  await genwarden?.uninstall();
  await removeNamespace(team);
});

const k = (...args: string[]) => kubectl(...args, '-n', namespace);
const scale = (what: string, replicas: number) => k('scale', `${what}`, `--replicas=${replicas}`);
const ready = (what: string) => k('rollout', 'status', what, '--timeout=90s');
const of = (component: string): string => `deployment/${genwarden.fullname}-${component}`;
const job = (name: string) => ({
  apiVersion: 'genwarden.dev/v1alpha1',
  kind: 'GenerationJob',
  metadata: { name },
  spec: { kind: 'image', input: { prompt: 'a yard' } },
});
const body = (kind: string, apiVersion: string, name: string, spec: object) => ({
  apiVersion,
  kind,
  metadata: { name },
  spec,
});

const undoPool = (name: string) => () => k('delete', 'workerpool', name);
const container = (component: string, change: object) =>
  k(
    'patch',
    of(component),
    '-p',
    JSON.stringify({ spec: { template: { spec: { containers: [{ name: component, ...change }] } } } }),
  );
const undoRollout = (component: string) => async () => {
  await k('rollout', 'undo', of(component));
  await ready(of(component));
};

const scaledDown = (component: string, kind = 'deployment'): Cause => ({
  name: `${component} is down`,
  inject: () => scale(`${kind}/${genwarden.fullname}-${component}`, 0),
  names: new RegExp(`^${component}: .*${component} is scaled to 0.*kubectl scale`),
  undo: async () => {
    await scale(`${kind}/${genwarden.fullname}-${component}`, 1);
    await ready(`${kind}/${genwarden.fullname}-${component}`);
  },
});

const causes: Cause[] = [
  scaledDown('operator'),
  scaledDown('api'),
  {
    name: 'a WorkerPool in a namespace that nobody watches',
    inject: () => apply(body('WorkerPool', 'genwarden.dev/v1alpha1', 'lost', { models: { image: ['m'] } }), team),
    names:
      /^pool doctor-team\S*\/lost: no operator serves WorkerPools in namespace doctor-team.*Create it in namespace/,
    undo: () => kubectl('delete', 'workerpool', 'lost', '-n', team),
  },
  {
    name: 'GenerationJobs in a namespace that nobody watches',
    inject: () => apply([job('one'), job('two')], team),
    names: /^jobs of doctor-team\S*: nothing acts on 2 GenerationJobs \(one, two\): no operator watches/,
    undo: () => kubectl('delete', 'generationjob', '--all', '-n', team),
  },
  {
    name: 'two installations watch one namespace',
    inject: () => apply(secondOperator(), team),
    names: /^installations: .* both watch namespace doctor.*operator\.watchNamespaces/,
    undo: () => kubectl('delete', 'deployment', '--all', '-n', team),
  },
  {
    name: 'the pool is paused by its spec',
    inject: () => k('patch', 'workerpool', 'default', '--type', 'merge', '-p', '{"spec":{"paused":true}}'),
    names: /^pool default: paused by spec\.paused.*kubectl patch workerpool default/,
    undo: () => k('patch', 'workerpool', 'default', '--type', 'merge', '-p', '{"spec":{"paused":false}}'),
  },
  {
    name: 'the pool is paused by the CLI',
    inject: () => genwarden.client.pausePool('default'),
    names: /^pool default: Paused through the API.*kubectl genwarden resume default/,
    undo: () => genwarden.client.resumePool('default'),
  },
  {
    name: 'the Secret of a pool is missing',
    inject: () => applyPool(genwarden, 'keyless', { keys: [{ secretKeyRef: { name: 'gone', key: 'api-key' } }] }),
    names: /^pool keyless: Secret gone does not exist in namespace .*kubectl create secret generic gone/,
    undo: undoPool('keyless'),
  },
  {
    name: 'the Secret of a pool lacks the entry',
    inject: () => applyPool(genwarden, 'wrong', { keys: [{ secretKeyRef: { name: 'wrong-key', key: 'other' } }] }),
    names: /^pool wrong: Secret wrong-key in namespace \S+ has no entry other.*kubectl patch secret/,
    undo: undoPool('wrong'),
  },
  {
    name: 'workers cannot be scheduled',
    inject: () => applyPool(genwarden, 'far', { template: { nodeSelector: { disk: 'none' } } }),
    names: /^workers of far: 0 of 1 pod ready\. Pod \S+: Pending, Unschedulable: .*node\(s\) didn't match/,
    undo: undoPool('far'),
  },
  {
    name: 'a quota refuses workers',
    inject: async () => {
      await apply(body('ResourceQuota', 'v1', 'tight', { hard: { pods: '5' } }), namespace);
      await applyPool(genwarden, 'more', { replicas: 3 });
    },
    names: /^workers of more: .*exceeded quota: tight.*kubectl describe resourcequota tight/,
    undo: async () => {
      await k('delete', 'resourcequota', 'tight');
      await k('delete', 'workerpool', 'more');
    },
  },
  {
    name: 'a PersistentVolumeClaim without a default StorageClass',
    inject: () =>
      apply(
        {
          ...body('PersistentVolumeClaim', 'v1', `data-${genwarden.fullname}-nats-1`, {
            accessModes: ['ReadWriteOnce'],
            resources: { requests: { storage: '1Gi' } },
          }),
        },
        namespace,
      ),
    names: /^volumes: PersistentVolumeClaim data-\S+-nats-1 is Pending: it names no StorageClass.*storageClassName/,
    undo: () => k('delete', 'pvc', `data-${genwarden.fullname}-nats-1`),
  },
  {
    name: 'an image that does not exist',
    inject: () => k('set', 'image', of('api'), 'api=example.invalid/none:1'),
    names: /^api: .*(?:ErrImageNeverPull|ImagePullBackOff|ErrImagePull).*image\.repository/,
    undo: undoRollout('api'),
  },
  {
    name: 'an invalid setting (crash loop)',
    inject: () => container('controller', { env: [{ name: 'GENWARDEN_HEARTBEAT_TIMEOUT', value: 'soon' }] }),
    names: /^controller: .*CrashLoopBackOff.*GENWARDEN_HEARTBEAT_TIMEOUT.*kubectl logs/,
    undo: undoRollout('controller'),
  },
  {
    name: 'too little memory (OOMKilled)',
    inject: () => container('controller', { resources: { limits: { memory: '24Mi' }, requests: { memory: '24Mi' } } }),
    names: /^controller: .*OOMKilled.*limit of 24Mi.*resources\.limits\.memory/,
    undo: undoRollout('controller'),
  },
  {
    name: 'a variable from a Secret that is missing',
    inject: () =>
      container('controller', {
        env: [{ name: 'GENWARDEN_TEST', valueFrom: { secretKeyRef: { name: 'not-there', key: 'token' } } }],
      }),
    names: /^secrets: Secret not-there does not exist.*kubectl create secret generic not-there/,
    undo: undoRollout('controller'),
  },
  {
    name: 'a wrong NATS password',
    inject: () =>
      container('controller', { env: [{ name: 'GENWARDEN_NATS_PASSWORD', value: 'wrong', valueFrom: null }] }),
    names: /^controller: .*(?:refuse|Authorization|password|Authentication)/i,
    undo: undoRollout('controller'),
  },
  {
    name: 'definitions older than the command',
    inject: () =>
      kubectl(
        'patch',
        'crd',
        'generationjobs.genwarden.dev',
        '--type=json',
        '-p',
        '[{"op":"remove","path":"/spec/versions/0/schema/openAPIV3Schema/properties/status/properties/installation"}]',
      ),
    names: /^definitions: .*generationjobs\.genwarden\.dev is older than this command: it lacks status\.installation/,
    undo: applyDefinitions,
  },
  scaledDown('nats', 'statefulset'),
];

/** An operator that only exists: a paused Deployment has no pods. */
function secondOperator(): object {
  const labels = { 'app.kubernetes.io/name': 'genwarden', 'app.kubernetes.io/component': 'operator' };
  const env = [{ name: 'GENWARDEN_INSTALLATION', value: 'second' }];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'second', labels },
    spec: {
      paused: true,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'operator', image: 'none', env }] } },
    },
  };
}

test('doctor names each of nineteen causes', { timeout: 1_200_000 }, async () => {
  const well = await doctor(namespace);
  expect(well.checks.filter(({ ok }) => !ok)).toEqual([]);
  await injectEach(namespace, causes);
});

test('commands take the name of a GenerationJob', async () => {
  await apply(job('front-yard'), namespace);
  await k('wait', '--for=condition=Finished', 'gj/front-yard', '--timeout=60s');
  const { stdout } = await plugin('explain', 'gj/front-yard', '-n', namespace, '--installation-namespace', namespace);
  expect(stdout).toContain('succeeded');
  expect((await plugin('get', 'gj/none', '-n', namespace)).stderr).toContain('There is no GenerationJob none');
});

test('a WorkerPool is not Ready while NATS is away, and is again when it is back', async () => {
  await scale(`statefulset/${genwarden.fullname}-nats`, 0);
  const said = await untilCondition(namespace, 'default', 'Ready', 'False NatsUnavailable');
  console.log(JSON.stringify(said['status'].conditions.find(({ type }: { type: string }) => type === 'Ready')));
  await scale(`statefulset/${genwarden.fullname}-nats`, 1);
  await untilCondition(namespace, 'default', 'Ready', 'True Available');
});

test('doctor names three causes while the API, the operator and NATS are down', async () => {
  for (const component of ['api', 'operator']) await scale(of(component), 0);
  await scale(`statefulset/${genwarden.fullname}-nats`, 0);
  const { checks, exitCode } = await doctor(namespace);
  const failures = checks.filter(({ ok }) => !ok).map(({ name, says }) => `${name}: ${says}`);
  for (const name of ['nats', 'operator', 'api'])
    expect(failures.join('\n')).toMatch(new RegExp(`^${name}: .* scaled to 0$`, 'm'));
  expect(exitCode).toBe(4);
});
