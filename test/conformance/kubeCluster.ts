// What every `Cluster` does: the fake that the operator's tests use, and a real API server.
import { expect, onTestFinished, test } from 'vitest';
import { KubeError, type Cluster, type KubeObject, type WatchEvent } from '../../src/ports/kubernetes.ts';
import { workerPoolType } from '../../src/operator/resources/kinds.ts';
import { until } from '../support/until.ts';

export interface ClusterUnderTest {
  readonly cluster: Cluster;
  /** An existing namespace that only this test uses. */
  readonly namespace: string;
}

const configMap = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps' };

/** Each test uses different object names, so that the tests can share a namespace. */
export function kubeClusterSuite(open: () => Promise<ClusterUnderTest>): void {
  const at = async () => {
    const { cluster, namespace } = await open();
    const named = (name: string) => ({ namespace, name });
    const settings = (name: string, data: Record<string, string>, meta: object = {}) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace, ...meta },
      data,
    });
    const pool = (name: string, fields: object) => ({
      apiVersion: 'genwarden.dev/v1alpha1',
      kind: 'WorkerPool',
      metadata: { name, namespace },
      ...fields,
    });
    return { cluster, namespace, named, settings, pool };
  };

  test('apply creates, changes and removes its own fields; applying the same again changes nothing', async () => {
    const { cluster, named, settings } = await at();
    const made = await cluster.apply(
      configMap,
      settings('apply', { one: '1', two: '2' }, { labels: { a: 'x', b: 'y' } }),
    );
    expect(made).toMatchObject({ kind: 'ConfigMap', metadata: { name: 'apply', labels: { a: 'x', b: 'y' } } });
    expect(made.metadata.uid).not.toBe('');
    const changed = await cluster.apply(configMap, settings('apply', { one: 'I' }, { labels: { a: 'x' } }));
    expect(changed).toMatchObject({ data: { one: 'I' }, metadata: { uid: made.metadata.uid, labels: { a: 'x' } } });
    expect(Object.keys((changed as unknown as { data: object }).data)).toEqual(['one']);
    expect(changed.metadata.labels).toEqual({ a: 'x' });
    expect(changed.metadata.resourceVersion).not.toBe(made.metadata.resourceVersion);
    const again = await cluster.apply(configMap, settings('apply', { one: 'I' }, { labels: { a: 'x' } }));
    expect(again.metadata.resourceVersion).toBe(changed.metadata.resourceVersion);
    expect(await cluster.get(configMap, named('apply'))).toEqual(again);
    expect(again.metadata).not.toHaveProperty('managedFields');
  });

  test('annotate adds annotations to applied fields and removes them with null', async () => {
    const { cluster, named, settings } = await at();
    await cluster.apply(configMap, settings('annotated', { one: '1' }));
    await cluster.annotate(configMap, named('annotated'), { 'a/b': '1', c: '2' });
    await cluster.annotate(configMap, named('annotated'), { 'a/b': null });
    expect((await cluster.get(configMap, named('annotated')))?.metadata.annotations).toEqual({ c: '2' });
    expect(await cluster.annotate(configMap, named('missing'), { a: '1' })).toBeUndefined();
  });

  test('status and spec are independent; only a new spec increases the generation', async () => {
    const { cluster, named, pool } = await at();
    const spec = { provider: 'gemini', models: { image: ['m'] }, paused: false };
    const made = await cluster.apply(workerPoolType, pool('status', { spec, status: { replicas: 9 } }));
    expect(made.metadata.generation).toBe(1);
    // The definition may give it defaults.
    expect(made.status ?? {}).not.toHaveProperty('replicas');
    const status = { replicas: 2, readyReplicas: 1 };
    const reported = await cluster.applyStatus(workerPoolType, pool('status', { status }));
    expect(reported).toMatchObject({ spec: { paused: false }, status, metadata: { generation: 1 } });
    const changed = await cluster.apply(workerPoolType, pool('status', { spec: { ...spec, paused: true } }));
    expect(changed).toMatchObject({ spec: { paused: true }, status, metadata: { generation: 2 } });
    const less = await cluster.applyStatus(workerPoolType, pool('status', { status: { replicas: 2 } }));
    expect(less?.status).toMatchObject({ replicas: 2 });
    expect(less?.status).not.toHaveProperty('readyReplicas');
    expect(await cluster.applyStatus(workerPoolType, pool('missing', { status }))).toBeUndefined();
    await cluster.delete(workerPoolType, named('status'));
  });

  test('mergeStatus adds and removes fields of a status, of the version that was read only', async () => {
    const { cluster, named, pool } = await at();
    const spec = { provider: 'gemini', models: { image: ['m'] }, paused: false };
    await cluster.apply(workerPoolType, pool('merged', { spec }));
    const before = await cluster.applyStatus(workerPoolType, pool('merged', { status: { replicas: 2 } }));
    const { resourceVersion } = before!.metadata;
    const key = { ...named('merged'), resourceVersion };
    const merged = await cluster.mergeStatus(workerPoolType, key, { readyReplicas: 1 });
    expect(merged?.status).toMatchObject({ replicas: 2, readyReplicas: 1 });
    await expect(cluster.mergeStatus(workerPoolType, key, { readyReplicas: 0 })).rejects.toMatchObject({ status: 409 });
    const last = { ...named('merged'), resourceVersion: merged!.metadata.resourceVersion };
    const removed = await cluster.mergeStatus(workerPoolType, last, { replicas: null });
    expect(removed?.status).toMatchObject({ readyReplicas: 1 });
    expect(removed?.status).not.toHaveProperty('replicas');
    expect(await cluster.mergeStatus(workerPoolType, { ...key, ...named('missing') }, {})).toBeUndefined();
    await cluster.delete(workerPoolType, named('merged'));
  });

  test('delete removes only the object with the uid, and returns false if it does not exist', async () => {
    const { cluster, named, settings } = await at();
    const { metadata } = await cluster.apply(configMap, settings('delete', {}));
    expect(await cluster.delete(configMap, named('delete'), { uid: '00000000-0000-4000-8000-000000000000' })).toBe(
      false,
    );
    expect(await cluster.get(configMap, named('delete'))).toBeDefined();
    expect(await cluster.delete(configMap, named('delete'), { uid: metadata.uid })).toBe(true);
    expect(await cluster.get(configMap, named('delete'))).toBeUndefined();
    expect(await cluster.delete(configMap, named('delete'))).toBe(false);
  });

  test('deleting an object deletes its dependents', async () => {
    const { cluster, named, settings } = await at();
    const { metadata } = await cluster.apply(configMap, settings('owner', {}));
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: metadata.uid, controller: true };
    await cluster.apply(configMap, settings('owned', {}, { ownerReferences: [owner] }));
    await cluster.delete(configMap, named('owner'));
    await until(async () => (await cluster.get(configMap, named('owned'))) === undefined, {
      what: 'the dependent to be deleted',
      timeoutMs: 60_000,
    });
  });

  test('list returns complete objects that match the labels, and the version to watch from', async () => {
    const { cluster, namespace, settings } = await at();
    for (const name of ['list-1', 'list-2', 'list-3', 'list-4', 'list-5']) {
      await cluster.apply(
        configMap,
        settings(name, { name }, { labels: { set: name < 'list-4' ? 'low' : 'high', all: 'yes' } }),
      );
    }
    const names = async (labelSelector: string) =>
      (await cluster.list(configMap, { namespace, labelSelector })).items
        .map(({ metadata }) => metadata.name)
        .toSorted();
    expect(await names('set=low')).toEqual(['list-1', 'list-2', 'list-3']);
    expect(await names('all,set!=low')).toEqual(['list-4', 'list-5']);
    expect(await names('set in (high, other)')).toEqual(['list-4', 'list-5']);
    const { items, resourceVersion } = await cluster.list(configMap, { labelSelector: 'all=yes,set=high' });
    const own = items.find(({ metadata }) => metadata.namespace === namespace && metadata.name === 'list-5');
    expect(own).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { name: 'list-5' } });
    expect(own?.metadata).not.toHaveProperty('managedFields');
    expect(resourceVersion).toMatch(/^\d+$/);
  });

  test('watch delivers changes after the version in order, and ends when its signal aborts', async () => {
    const { cluster, namespace, named, settings } = await at();
    const labels = { watched: 'yes' };
    await cluster.apply(configMap, settings('before', {}, { labels }));
    const { resourceVersion } = await cluster.list(configMap, { namespace });
    await cluster.apply(configMap, settings('after', { n: '1' }, { labels }));
    const stop = new AbortController();
    onTestFinished(() => stop.abort());
    const received: WatchEvent<KubeObject>[] = [];
    const request = { namespace, labelSelector: 'watched=yes', resourceVersion };
    const reading = (async () => {
      for await (const event of cluster.watch(configMap, request, stop.signal)) received.push(event);
    })();
    await until(() => received.length === 1, { what: 'the change between list and watch' });
    await cluster.apply(configMap, settings('after', { n: '2' }, { labels }));
    await cluster.apply(configMap, settings('unwatched', {}));
    await cluster.delete(configMap, named('before'));
    await until(() => received.length === 3, { what: 'a change and a deletion' });
    const summary = received.map((it) =>
      it.event === 'bookmark' ? it.event : `${it.event} ${it.object.metadata.name}`,
    );
    expect(summary).toEqual(['added after', 'modified after', 'deleted before']);
    const versions = received.map((it) => (it.event === 'bookmark' ? '' : it.object.metadata.resourceVersion));
    expect(versions.map(Number)).toEqual(versions.map(Number).toSorted((one, two) => one - two));
    stop.abort();
    await reading;
  });

  test('a reader that stops early closes the watch', async () => {
    const { cluster, namespace, settings } = await at();
    const { resourceVersion } = await cluster.list(configMap, { namespace });
    await cluster.apply(configMap, settings('enough', {}));
    for await (const event of cluster.watch(configMap, { namespace, resourceVersion }, new AbortController().signal)) {
      expect(event.event).toBe('added');
      break;
    }
  });

  test('an unknown kind is a 404, and the error of a refused write contains the reason', async () => {
    const { cluster, namespace, settings } = await at();
    const unknown = { group: 'nobody.genwarden.dev', version: 'v1', kind: 'Nothing', plural: 'nothings' };
    await expect(cluster.list(unknown, { namespace })).rejects.toBeInstanceOf(KubeError);
    await expect(cluster.list(unknown, { namespace })).rejects.toMatchObject({ status: 404 });
    const elsewhere = settings('Bad_Name', {});
    await expect(cluster.apply(configMap, elsewhere)).rejects.toMatchObject({ status: 422, reason: 'Invalid' });
  });
}
