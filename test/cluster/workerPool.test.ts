// WorkerPools with real pods: creation and rollout of workers, keys, pause, kubectl scale, deletion.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GenwardenApiError } from '../../src/client/index.ts';
import { until } from '../support/until.ts';
import { installGenwarden, type InstalledGenwarden } from './support/genwarden.ts';
import { apply, getObject, kubectl, listObjects, tryKubectl, untilObject } from './support/kubectl.ts';
import { testNamespace } from './support/namespace.ts';
import { applyKey, applyPool, conditionOf, replicasOf, untilCondition, workersOf } from './support/workerPool.ts';

const namespace = testNamespace('workerpool');
const one = { api: { replicas: 1 }, controller: { replicas: 1 }, defaultPool: { enabled: false } };
let genwarden: InstalledGenwarden;

beforeAll(async () => {
  genwarden = await installGenwarden(namespace, one);
});
afterAll(() => genwarden?.uninstall());

const submit = (pool: string, prompt = 'a haiku') => genwarden.client.submit({ kind: 'text', pool, input: { prompt } });

async function runJob(pool: string): Promise<string> {
  const { id } = await submit(pool);
  return (await genwarden.client.wait(id, { giveUpAfterMs: 60_000 })).state;
}

const eventsOf = async (pool: string): Promise<string[]> => {
  const events = await listObjects('events.events.k8s.io', namespace);
  return events.flatMap(({ regarding, reason }) => (regarding.name === pool ? (reason as string) : []));
};

test('a pool starts workers that run a job', async () => {
  await applyPool(genwarden, 'studio', { replicas: 2 });
  await untilObject('gwp', 'studio', namespace, ({ status }) => status?.ready === '2/2', {
    what: 'two workers',
    timeoutMs: 90_000,
  });
  await untilCondition(namespace, 'studio', 'Ready', 'True Available');
  expect(await runJob('studio')).toBe('succeeded');
  const [pod] = await workersOf(namespace, 'studio');
  expect(pod!.spec.terminationGracePeriodSeconds).toBe(150);
  const { data } = await getObject('configmap', 'genwarden-worker-studio', namespace);
  expect(data['pools.json']).not.toContain('key-of-the-stand-in');
  expect(await kubectl('get', 'gwp', 'studio', '-n', namespace)).toMatch(/READY|Ready/i);
});

test('a rotated key replaces the workers one at a time, and jobs continue', async () => {
  const before = (await workersOf(namespace, 'studio')).map(({ metadata }) => metadata.name as string);
  await applyKey(namespace, 'studio', 'another-key');
  const replaced = async (): Promise<boolean> => {
    const pods = await workersOf(namespace, 'studio');
    const ready = pods.filter(({ status }) =>
      status.conditions?.some((it: { type: string; status: string }) => it.type === 'Ready' && it.status === 'True'),
    );
    return (
      pods.length === 2 && ready.length === 2 && !pods.some(({ metadata }) => before.includes(metadata.name as string))
    );
  };
  await until(replaced, { what: 'new pods', timeoutMs: 120_000, intervalMs: 500 });
  expect(await runJob('studio')).toBe('succeeded');
  expect(await eventsOf('studio')).toContain('KeysChanged');
});

test('kubectl scale changes the number of workers', async () => {
  await kubectl('scale', 'gwp', 'studio', '--replicas=3', '-n', namespace);
  await untilObject('gwp', 'studio', namespace, ({ status }) => status.readyReplicas === 3, {
    what: 'three workers',
    timeoutMs: 90_000,
  });
  await kubectl('scale', 'gwp', 'studio', '--replicas=1', '-n', namespace);
  const left = async (): Promise<boolean> => (await workersOf(namespace, 'studio')).length === 1;
  await until(left, { what: 'one worker', timeoutMs: 60_000, intervalMs: 500 });
  expect(conditionOf(await getObject('gwp', 'studio', namespace), 'Scaling')).toBe('True Fixed');
});

test('a worker that is scaled in finishes its task', async () => {
  const { id } = await submit('studio', 'an epic [standin: slow 12s]');
  const isRunning = async (): Promise<boolean> => (await genwarden.client.get(id)).state === 'running';
  await until(isRunning, { what: 'the task to run', timeoutMs: 30_000, intervalMs: 200 });
  await kubectl('scale', 'gwp', 'studio', '--replicas=0', '-n', namespace);
  const isLeaving = async (): Promise<boolean> => {
    const [pod] = await workersOf(namespace, 'studio');
    return pod?.metadata.deletionTimestamp !== undefined;
  };
  await until(isLeaving, { what: 'the worker to be told to end', timeoutMs: 10_000, intervalMs: 200 });
  expect((await genwarden.client.get(id)).state).toBe('running');
  expect((await genwarden.client.wait(id, { giveUpAfterMs: 60_000 })).state).toBe('succeeded');
  const states = (await genwarden.client.history(id)).map(({ state, attempt }) => `${state} ${attempt}`);
  expect(states).toEqual(['queued 0', 'running 1', 'succeeded 1']);
  await kubectl('scale', 'gwp', 'studio', '--replicas=1', '-n', namespace);
  await untilCondition(namespace, 'studio', 'Ready', 'True Available');
});

test('spec.paused pauses the queue until it is removed', async () => {
  await kubectl('patch', 'gwp', 'studio', '-n', namespace, '--type=merge', '-p', '{"spec":{"paused":true}}');
  await untilCondition(namespace, 'studio', 'Paused', 'True PausedBySpec');
  await until(async () => (await genwarden.client.pools()).find(({ name }) => name === 'studio')?.paused, {
    what: 'the pause',
  });
  const { id } = await submit('studio');
  await untilObject('gwp', 'studio', namespace, ({ status }) => status.queued === 1, { what: 'the queued task' });
  expect((await genwarden.client.get(id)).state).toBe('queued');
  await kubectl('patch', 'gwp', 'studio', '-n', namespace, '--type=merge', '-p', '{"spec":{"paused":false}}');
  expect((await genwarden.client.wait(id, { giveUpAfterMs: 60_000 })).state).toBe('succeeded');
  await untilCondition(namespace, 'studio', 'Paused', 'False NotPaused');
});

test('a missing Secret is reported, and no worker starts until it exists', async () => {
  const keys = [{ secretKeyRef: { name: 'later', key: 'api-key' } }];
  await applyPool(genwarden, 'hopeful', { keys });
  const pool = await untilCondition(namespace, 'hopeful', 'Ready', 'False SecretNotFound');
  expect(JSON.stringify(pool.status)).toContain('Secret later');
  expect((await tryKubectl(['get', 'deployment', 'genwarden-worker-hopeful', '-n', namespace])).code).not.toBe(0);
  const stringData = { 'api-key': 'k' };
  await apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'later' }, stringData }, namespace);
  await untilCondition(namespace, 'hopeful', 'Ready', 'True Available');
  expect(await eventsOf('hopeful')).toEqual(expect.arrayContaining(['SecretNotFound', 'Created']));
});

test('workers that cannot be scheduled are reported', async () => {
  const template = { nodeSelector: { 'no-such': 'node' } };
  await applyPool(genwarden, 'homeless', { template });
  const pool = await untilCondition(namespace, 'homeless', 'Ready', 'False RolloutStuck');
  expect(JSON.stringify(pool.status)).toContain('cannot be scheduled');
});

test('a pool with allowedNamespaces refuses jobs from other namespaces', async () => {
  await applyPool(genwarden, 'closed', { allowedNamespaces: ['elsewhere'], replicas: 0 });
  await untilCondition(namespace, 'closed', 'Ready', 'False NoReplicas');
  const refusal = await submit('closed').catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(GenwardenApiError);
  expect(refusal).toMatchObject({ code: 'PoolNotAllowed', status: 422 });
});

test('deleting a pool deletes its workers and refuses further submits', async () => {
  expect(await replicasOf(namespace, 'studio')).toBe(1);
  await kubectl('delete', 'gwp', 'studio', 'hopeful', 'homeless', 'closed', '-n', namespace);
  const left = async (): Promise<string> =>
    await kubectl('get', 'deployments,replicasets,configmaps,pdb,pods', '-n', namespace, '-o', 'name');
  await until(async () => !/genwarden-worker-(studio|hopeful|homeless|closed)/.test(await left()), {
    what: 'the workers to be gone',
    timeoutMs: 60_000,
    intervalMs: 500,
  });
  await until(async () => !(await genwarden.client.pools()).some(({ name }) => name === 'studio'), {
    what: 'the pool to be gone',
  });
  expect(await submit('studio').catch((error: unknown) => error)).toMatchObject({ code: 'PoolNotFound', status: 422 });
});
