// The default pool: created once, applied again when its file changes, otherwise left to manual changes.
import { pino } from 'pino';
import { expect, test } from 'vitest';
import {
  type DefaultPool,
  defaultPoolController,
  hashAnnotation,
  readDefaultPool,
} from '../../../src/operator/defaultPool.ts';
import type { KubeObject } from '../../../src/ports/kubernetes.ts';
import type { OperatorContext } from '../../../src/operator/context.ts';
import { workerPoolType } from '../../../src/operator/resources/kinds.ts';
import { configMapType } from '../../../src/operator/resources/builtInKinds.ts';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FakeCluster } from '../../fakes/cluster.ts';
import { tempFolder } from '../../support/tempFolder.ts';

const namespace = 'genwarden';
const key = { namespace, name: 'default' };

const fileOf = (replicas: number, ownerConfigMap?: string): DefaultPool => ({
  ...(ownerConfigMap === undefined ? {} : { ownerConfigMap }),
  pool: {
    apiVersion: 'genwarden.dev/v1alpha1',
    kind: 'WorkerPool',
    metadata: { name: 'default', labels: { a: 'b' }, annotations: {} },
    spec: { models: { image: ['gemini-3.1-flash-image'] }, replicas },
  },
});

function stage() {
  const cluster = new FakeCluster();
  const look = (file: DefaultPool) => {
    const context = { cluster, namespace, logger: pino({ enabled: false }) } as unknown as OperatorContext;
    return defaultPoolController(file)(context).reconcile(key, new AbortController().signal);
  };
  const pool = () => cluster.get<KubeObject<{ replicas?: number }>>(workerPoolType, key);
  return { cluster, look, pool };
}

test('the pool is created, and applied again when the file changes', async () => {
  const { look, pool } = stage();
  await look(fileOf(1));
  expect(await pool()).toMatchObject({ metadata: { labels: { a: 'b' } }, spec: { replicas: 1 } });
  await look(fileOf(3));
  expect((await pool())?.spec?.replicas).toBe(3);
});

test('manual changes stay while the file is the same', async () => {
  const { cluster, look, pool } = stage();
  await look(fileOf(1));
  const made = (await pool())!;
  cluster.put(workerPoolType, { ...made, metadata: { ...made.metadata }, spec: { ...made.spec, replicas: 7 } });
  await look(fileOf(1));
  expect((await pool())?.spec?.replicas).toBe(7);
});

test('a file in another version of the group changes nothing', async () => {
  const { cluster, look, pool } = stage();
  await look(fileOf(1));
  const made = (await pool())!;
  cluster.put(workerPoolType, { ...made, metadata: { ...made.metadata }, spec: { ...made.spec, replicas: 7 } });
  const file = fileOf(1);
  await look({ pool: { ...file.pool, apiVersion: 'genwarden.dev/v1beta1' } });
  expect((await pool())?.spec?.replicas).toBe(7);
  expect((await pool())?.apiVersion).toBe('genwarden.dev/v1alpha1');
});

test('a pool of this name with another origin is not changed', async () => {
  const { cluster, look, pool } = stage();
  cluster.put(workerPoolType, { ...fileOf(5).pool, metadata: key });
  await look(fileOf(1));
  expect((await pool())?.spec?.replicas).toBe(5);
  expect((await pool())?.metadata.annotations?.[hashAnnotation]).toBeUndefined();
});

test('the ConfigMap owns the pool; after a reinstall, the new ConfigMap does', async () => {
  const { cluster, look, pool } = stage();
  await expect(look(fileOf(1, 'first'))).rejects.toThrow(
    'ConfigMap first, the owner of the default pool, does not exist',
  );
  const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'first', namespace } };
  const { metadata } = cluster.put(configMapType, configMap);
  await look(fileOf(1, 'first'));
  expect((await pool())?.metadata.ownerReferences).toMatchObject([
    { kind: 'ConfigMap', name: 'first', uid: metadata.uid },
  ]);
});

test('an invalid file is refused with the path of each problem', async () => {
  const folder = await tempFolder('default-pool');
  try {
    const path = join(folder.path, 'pool.json');
    const { pool } = fileOf(1);
    writeFileSync(path, JSON.stringify({ pool: { ...pool, spec: { concurrency: 0 } }, more: 1 }));
    expect(() => readDefaultPool(path)).toThrow(/spec\.models.*spec\.concurrency|spec\.concurrency.*spec\.models/s);
    writeFileSync(path, JSON.stringify(fileOf(2)));
    expect(readDefaultPool(path)).toEqual(fileOf(2));
  } finally {
    await folder.remove();
  }
});
