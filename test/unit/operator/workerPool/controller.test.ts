// The lifecycle of a WorkerPool: its children, keys, pause, number of workers, deletion.
import { expect, test } from 'vitest';
import { loadPools, declarationOf } from '../../../../src/config/pools.ts';
import { loadSettings } from '../../../../src/config/load.ts';
import { KubeError } from '../../../../src/ports/kubernetes.ts';
import { workerPoolType } from '../../../../src/operator/resources/kinds.ts';
import { workerPoolStatus } from '../../../../src/operator/resources/workerPool.ts';
import { deploymentType, secretType } from '../../../../src/operator/resources/builtInKinds.ts';
import { until } from '../../../support/until.ts';
import {
  anOperator,
  aWorld,
  childrenIn,
  conditions,
  key,
  namespace,
  putPool,
  runPods,
  statusOf,
  statusWrites,
  twoKeys,
} from './stage.ts';

test('a pool owns a ConfigMap, a Deployment and a PodDisruptionBudget', async () => {
  const world = aWorld();
  world.secret('gemini', { one: 'k1', two: 'k2' });
  const spec = {
    keys: twoKeys,
    policy: { attemptTimeout: '5m' },
    replicas: 2,
    template: { env: [{ name: 'A', value: 'b' }] },
  };
  const pool = putPool(world, spec);
  const { events } = await anOperator(world);
  const { deployment, configMap, budget } = childrenIn(world);
  for (const child of [deployment, configMap, budget]) {
    expect(child.metadata.name).toBe('genwarden-worker-default');
    expect(child.metadata.ownerReferences).toMatchObject([{ uid: pool.metadata.uid, controller: true }]);
  }
  expect(deployment.spec.replicas).toBe(2);
  const { metadata, spec: podSpec } = deployment.spec.template;
  expect(metadata.labels).toMatchObject({
    ...deployment.spec.selector.matchLabels,
    'app.kubernetes.io/instance': 'release',
  });
  expect(podSpec.terminationGracePeriodSeconds).toBe(330);
  expect(podSpec.containers[0].env).toEqual([
    { name: 'A', value: 'b' },
    { name: 'GENWARDEN_POOL', value: 'default' },
    { name: 'GENWARDEN_POOLS_FILE', value: '/etc/genwarden/pool/pools.json' },
    { name: 'GENWARDEN_DRAIN_TIMEOUT', value: '5m15s' },
  ]);
  expect(podSpec.volumes[1].projected.sources).toEqual([
    { secret: { name: 'gemini', items: [{ key: 'one', path: '0' }] } },
    { secret: { name: 'gemini', items: [{ key: 'two', path: '1' }] } },
  ]);
  expect(budget.spec).toMatchObject({ maxUnavailable: '25%', unhealthyPodEvictionPolicy: 'AlwaysAllow' });
  expect(events).toMatchObject([{ reason: 'Created' }]);
  expect(JSON.stringify(childrenIn(world))).not.toContain(btoa('k1'));
});

test('a worker makes the same declaration from its pools file as the operator', async () => {
  const world = aWorld();
  world.secret('gemini', { one: 'k1', two: 'k2' });
  const pool = putPool(world, {
    keys: twoKeys,
    allowedNamespaces: ['shop'],
    providerOptions: ['temperature'],
    policy: {
      fallbackOn: ['quota'],
      fallback: [{ pool: 'spare' }],
      onOutage: 'fail',
      backoff: { max: '1m', initial: '1s' },
      attemptTimeout: '5m',
      review: 'always',
    },
    prices: { painter: { image: 0.04 } },
    budgets: { day: 20 },
  });
  await anOperator(world);
  const declared = world.pools.find('default')!;
  expect(declared).toMatchObject({
    providerOptions: ['temperature'],
    tenants: ['shop'],
    owner: pool.metadata.uid,
    policy: { attemptTimeout: 300_000 },
  });
  expect(declared.policy.backoff).toEqual({ first: 1_000, cap: 60_000 });
  const files = (path: string): string =>
    path.endsWith('.json') ? childrenIn(world).configMap.data['pools.json'] : 'key';
  const settings = loadSettings({ env: { GENWARDEN_POOLS_FILE: '/pools.json' } });
  const [read] = loadPools(settings, files);
  const { resource, ...rest } = declared;
  expect(resource).toEqual({ namespace, paused: false });
  expect(JSON.stringify(declarationOf(read!))).toBe(JSON.stringify(rest));
  expect(read!.keys).toMatchObject([{ requestsPerMinute: 60 }, { requestsPerMinute: 10 }]);
  expect(read).toMatchObject({ prices: { painter: { image: 0.04 } }, budgets: { day: 20 } });
});

test('a missing Secret is reported and does not affect running workers; once it exists, the workers start', async () => {
  const world = aWorld();
  putPool(world, { keys: twoKeys });
  const operator = await anOperator(world);
  expect(conditions(world)).toMatchObject({ Ready: 'False SecretNotFound', Scaling: 'False NotReady' });
  expect(statusOf(world)?.conditions?.[0]?.message).toContain('Secret gemini');
  expect(childrenIn(world).deployment).toBeUndefined();
  expect(world.pools.find('default')).toBeDefined();
  world.secret('gemini', { one: 'k1' });
  await operator.after(4_000);
  expect(conditions(world)['Ready']).toBe('False SecretKeyNotFound');
  world.secret('gemini', { one: 'k1', two: 'k2' });
  await operator.after(4_000);
  runPods(world);
  await operator.settle();
  expect(conditions(world)['Ready']).toBe('True Available');
  const before = childrenIn(world).deployment;
  world.cluster.remove(secretType, key('gemini'));
  await operator.after(11_000);
  putPool(world, { keys: twoKeys, replicas: 5 });
  await operator.after(11_000);
  expect(conditions(world)['Ready']).toBe('False SecretNotFound');
  expect(childrenIn(world).deployment.spec).toEqual(before.spec);
  expect(operator.events.map(({ reason }) => reason)).toEqual([
    'SecretNotFound',
    'SecretKeyNotFound',
    'Created',
    'SecretNotFound',
  ]);
});

test('a changed key replaces the workers, a changed list of namespaces does not', async () => {
  const world = aWorld();
  world.secret('gemini', { one: 'k1', two: 'k2' });
  putPool(world, { keys: twoKeys });
  const operator = await anOperator(world);
  const hashes = () => childrenIn(world).deployment.spec.template.metadata.annotations;
  const first = hashes();
  world.secret('gemini', { one: 'k1', two: 'rotated' });
  await operator.after(11_000);
  const second = hashes();
  expect(second['genwarden.dev/keys-hash']).not.toBe(first['genwarden.dev/keys-hash']);
  putPool(world, { keys: twoKeys, allowedNamespaces: ['shop'] });
  await operator.settle();
  expect(hashes()).toEqual(second);
  expect(world.pools.find('default')!.tenants).toEqual(['shop']);
  putPool(world, { keys: twoKeys, concurrency: 9 });
  await operator.settle();
  expect(operator.events.map(({ reason }) => reason)).toEqual(['Created', 'KeysChanged', 'ConfigurationChanged']);
});

test('without a template, or with one that the API server rejects, the pool reports a remedy', async () => {
  const world = aWorld();
  putPool(world);
  const operator = await anOperator(world, { workerTemplate: undefined });
  expect(conditions(world)['Ready']).toBe('False InvalidTemplate');
  expect(statusOf(world)?.conditions?.[0]?.message).toContain('GENWARDEN_WORKER_TEMPLATE_FILE');
  await operator.stop();
  world.cluster.fail(new KubeError(422, 'Invalid', 'spec.template.spec.affinity: Invalid value'), {
    times: Infinity,
    matches: ({ verb, plural }) => verb === 'apply' && plural === 'deployments',
  });
  const next = await anOperator(world);
  expect(conditions(world)['Ready']).toBe('False InvalidTemplate');
  expect(next.events.at(-1)).toMatchObject({ type: 'Warning', note: expect.stringContaining('affinity') });
  world.cluster.back();
  await next.after(4_000);
  expect(childrenIn(world).deployment).toBeDefined();
  expect(next.errors).toEqual([]);
});

test('a Deployment with another owner is not changed', async () => {
  const world = aWorld();
  const owner = { apiVersion: 'v1', kind: 'Thing', name: 'x', uid: 'u', controller: true };
  const labels = {
    'genwarden.dev/pool': 'default',
    'app.kubernetes.io/component': 'worker',
    'app.kubernetes.io/managed-by': 'genwarden-operator',
  };
  const theirs = { ...key('genwarden-worker-default'), labels, ownerReferences: [owner] };
  world.cluster.put(deploymentType, { metadata: theirs, spec: { replicas: 3 } });
  putPool(world);
  await anOperator(world);
  expect(conditions(world)['Ready']).toBe('False NameTaken');
  expect(childrenIn(world).deployment.spec).toEqual({ replicas: 3 });
});

test('manual changes to the Deployment are reverted', async () => {
  const world = aWorld();
  putPool(world, { replicas: 2 });
  const operator = await anOperator(world);
  const { deployment } = childrenIn(world);
  world.cluster.put(deploymentType, { ...deployment, spec: { ...deployment.spec, replicas: 9 } });
  await operator.settle();
  expect(childrenIn(world).deployment.spec.replicas).toBe(2);
  world.cluster.remove(deploymentType, key('genwarden-worker-default'));
  await operator.after(4_000);
  expect(childrenIn(world).deployment.spec.replicas).toBe(2);
});

test('a declaration that a worker replaced by its own is made again', async () => {
  const world = aWorld();
  putPool(world);
  const operator = await anOperator(world);
  const own = { ...world.pools.find('default')! };
  delete own.owner;
  delete own.resource;
  await world.pools.declare(own);
  await operator.settle();
  expect(world.pools.find('default')!.resource).toEqual({ namespace, paused: false });
});

test('deleting a pool removes its declaration, also when no operator was running', async () => {
  const world = aWorld();
  await world.queue.ensurePool('default');
  putPool(world, { paused: true });
  const operator = await anOperator(world);
  expect(world.pools.find('default')).toBeDefined();
  world.cluster.remove(workerPoolType, key('default'));
  await operator.settle();
  expect(world.pools.list()).toEqual([]);
  expect(await world.queue.paused('default')).toBeUndefined();
  expect(childrenIn(world).deployment).toBeUndefined();
  putPool(world, {}, 'other');
  await operator.settle();
  await operator.stop();
  world.cluster.remove(workerPoolType, key('other'));
  await world.pools.declare({ name: 'handmade', provider: 'gemini', models: { image: ['m'], text: [] }, policy: {} });
  await anOperator(world);
  expect(world.pools.list().map(({ name }) => name)).toEqual(['handmade']);
});

test('a worker of a deleted pool cannot declare it again', async () => {
  const world = aWorld();
  putPool(world);
  const operator = await anOperator(world);
  const declared = world.pools.find('default')!;
  world.cluster.remove(workerPoolType, key('default'));
  await operator.settle();
  await world.pools.declare(declared);
  await operator.settle();
  expect(world.pools.list()).toEqual([]);
});

test('an unreachable API server only causes a delay', async () => {
  const world = aWorld();
  putPool(world);
  const operator = await anOperator(world);
  world.cluster.away();
  await operator.after(5_000);
  world.cluster.back();
  putPool(world, { replicas: 3 });
  const caughtUp = async (): Promise<boolean> => {
    await operator.after(1_000);
    return childrenIn(world).deployment.spec.replicas === 3;
  };
  await until(caughtUp, { what: 'the operator to catch up' });
});

test('the status matches the schema and is written rarely', async () => {
  const world = aWorld();
  putPool(world, { replicas: 2 });
  const operator = await anOperator(world);
  runPods(world);
  await operator.settle();
  expect(() => workerPoolStatus.parse(statusOf(world))).not.toThrow();
  expect(statusOf(world)).toMatchObject({ replicas: 2, readyReplicas: 2, desiredReplicas: 2, ready: '2/2', queued: 0 });
  expect(statusOf(world)?.selector).toContain('genwarden.dev/pool=default');
  const writes = statusWrites(world);
  await operator.after(120_000);
  expect(statusWrites(world)).toBe(writes);
  expect(world.cluster.calls.filter(({ namespace: of }) => of !== namespace)).toEqual([]);
});
