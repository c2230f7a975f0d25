// `kubectl genwarden migrate-storage-version`: every object is written again, whatever happens to it meanwhile.
import { describe, expect, test } from 'vitest';
import type { Definition } from '../../../../src/cli/kubectl/doctor/kinds.ts';
import { inVersion } from '../../../../src/cli/kubectl/migrateStorageVersion/inVersion.ts';
import {
  migrateKind,
  migrateResults,
  readDefinitions,
  storageVersions,
} from '../../../../src/cli/kubectl/migrateStorageVersion/migrate.ts';
import { KubeError, type KubeObject, type ResourceType, type StoredObjects } from '../../../../src/ports/kubernetes.ts';

type Stored = KubeObject & { readonly storedAs: string };

const conflict = (): KubeError => new KubeError(409, 'Conflict', 'the object has been modified');

/** An API server that stores v1beta1, with pools that were stored as v1alpha1. */
class FakeStore implements StoredObjects {
  readonly objects = new Map<string, Stored>();
  readonly writes: string[] = [];
  /** Called before each write. */
  meanwhile: (key: string) => void = () => undefined;
  #version = 100;

  constructor(pools: number) {
    const kinds = {
      GenerationJob: 'generationjobs',
      GenerationSchedule: 'generationschedules',
      WorkerPool: 'workerpools',
    };
    for (const [kind, plural] of Object.entries(kinds)) this.add(definition(kind, plural));
    for (let index = 0; index < pools; index += 1) this.add(pool(`pool-${index}`));
  }

  add(object: KubeObject): void {
    this.objects.set(keyOf(object), { ...object, storedAs: object.apiVersion });
  }

  change(key: string, metadata: object): void {
    this.#version += 1;
    const object = this.objects.get(key)!;
    this.objects.set(key, {
      ...object,
      metadata: { ...object.metadata, ...metadata, resourceVersion: String(this.#version) },
    });
  }

  async listMetadata({ kind }: ResourceType): Promise<readonly KubeObject[]> {
    return [...this.objects.values()].filter((each) => each.kind === kind);
  }

  async getWhole<T extends KubeObject>(
    { kind, group, version }: ResourceType,
    key: { name: string },
  ): Promise<T | undefined> {
    const found = this.objects.get(`${kind}/${key.name}`);
    if (found === undefined) return undefined;
    return { ...withoutStoredAs(found), apiVersion: group === '' ? version : `${group}/${version}` } as unknown as T;
  }

  async replace<T extends KubeObject>(type: ResourceType, object: T): Promise<T | undefined> {
    const key = keyOf(object);
    this.meanwhile(key);
    const before = this.objects.get(key);
    if (before === undefined) return undefined;
    if (before.metadata.resourceVersion !== object.metadata.resourceVersion) throw conflict();
    const after = { ...object, storedAs: object.apiVersion };
    // As etcd does, nothing is written if nothing differs.
    if (JSON.stringify({ ...before, apiVersion: after.apiVersion }) === JSON.stringify(after)) return object;
    this.writes.push(`${type.version} ${key}`);
    this.#version += 1;
    const metadata = { ...object.metadata, resourceVersion: String(this.#version) };
    this.objects.set(key, { ...after, metadata });
    return { ...object, metadata };
  }

  async migratePools() {
    const definitions = await readDefinitions(this);
    return migrateKind(this, definitions[2]!, storageVersions(definitions));
  }

  get storedVersions() {
    return (this.objects.get('CustomResourceDefinition/workerpools.genwarden.dev') as unknown as Definition).status
      ?.storedVersions;
  }
}

function withoutStoredAs(stored: Stored): KubeObject {
  const object: Partial<Stored> = { ...stored };
  delete (object as { storedAs?: string }).storedAs;
  return object as KubeObject;
}

const keyOf = ({ kind, metadata }: KubeObject): string => `${kind}/${metadata.name}`;

const metadataOf = (name: string, more: object = {}) => ({
  name,
  namespace: 'team',
  uid: name,
  resourceVersion: '1',
  creationTimestamp: '2026-11-29T00:00:00Z',
  ...more,
});

const pool = (name: string, more: object = {}): KubeObject => ({
  apiVersion: 'genwarden.dev/v1alpha1',
  kind: 'WorkerPool',
  metadata: metadataOf(name, more),
  spec: { concurrency: 4 },
  status: { ready: '2/3' },
});

const definition = (kind: string, plural: string) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: metadataOf(`${plural}.genwarden.dev`, { namespace: '' }),
  spec: {
    names: { kind },
    versions: [
      { name: 'v1alpha1', served: true, storage: false },
      { name: 'v1beta1', served: true, storage: true },
    ],
  },
  status: { storedVersions: ['v1alpha1', 'v1beta1'] },
});

describe('objects', () => {
  test('are stored in the storage version with all they had, and the definition says so', async () => {
    const store = new FakeStore(30);
    expect(await store.migratePools()).toEqual({
      definition: 'workerpools.genwarden.dev',
      version: 'v1beta1',
      objects: 30,
      rewritten: 30,
      failures: [],
      storedBefore: ['v1alpha1', 'v1beta1'],
      stored: ['v1beta1'],
    });
    const stored = [...store.objects.values()].filter(({ kind }) => kind === 'WorkerPool');
    for (const each of stored)
      expect(each).toMatchObject({
        storedAs: 'genwarden.dev/v1beta1',
        spec: { concurrency: 4 },
        status: { ready: '2/3' },
      });
    expect(store.storedVersions).toEqual(['v1beta1']);
  });

  test('are not written a second time', async () => {
    const store = new FakeStore(3);
    await store.migratePools();
    store.writes.length = 0;
    expect(await store.migratePools()).toMatchObject({ objects: 3, rewritten: 0, storedBefore: ['v1beta1'] });
    expect(store.writes).toEqual([]);
  });

  test('that somebody writes meanwhile keep that write', async () => {
    const store = new FakeStore(3);
    let times = 3;
    store.meanwhile = (key) => {
      if (key === 'WorkerPool/pool-1' && times-- > 0) store.change(key, { labels: { written: String(times) } });
    };
    expect(await store.migratePools()).toMatchObject({ objects: 3, rewritten: 3, failures: [] });
    expect(store.objects.get('WorkerPool/pool-1')).toMatchObject({
      storedAs: 'genwarden.dev/v1beta1',
      metadata: { labels: { written: '0' } },
    });
  });

  test('that are deleted meanwhile stay deleted', async () => {
    const store = new FakeStore(3);
    store.meanwhile = (key) => {
      if (key === 'WorkerPool/pool-1') store.objects.delete(key);
    };
    expect(await store.migratePools()).toMatchObject({ objects: 2, rewritten: 2, stored: ['v1beta1'] });
    expect(store.objects.has('WorkerPool/pool-1')).toBe(false);
  });

  test('that the API server rejects are named, and the definition still says that they may be stored so', async () => {
    const store = new FakeStore(3);
    store.meanwhile = (key) => {
      if (key === 'WorkerPool/pool-1') throw new KubeError(422, 'Invalid', 'spec.models: must name a model');
    };
    expect(await store.migratePools()).toMatchObject({
      rewritten: 2,
      failures: ['WorkerPool team/pool-1: spec.models: must name a model'],
      stored: ['v1alpha1', 'v1beta1'],
    });
    expect(store.storedVersions).toEqual(['v1alpha1', 'v1beta1']);
  });

  test('that conflict without end are named', async () => {
    const store = new FakeStore(1);
    store.meanwhile = (key) => store.change(key, {});
    expect((await store.migratePools()).failures).toEqual(['WorkerPool team/pool-0: the object has been modified']);
  });

  test('end it if the API server refuses the user', async () => {
    const store = new FakeStore(3);
    store.meanwhile = () => {
      throw new KubeError(403, 'Forbidden', 'may not update workerpools');
    };
    await expect(store.migratePools()).rejects.toThrow('may not update workerpools');
    expect(store.storedVersions).toEqual(['v1alpha1', 'v1beta1']);
  });
});

test('a storage version that changes meanwhile is not recorded', async () => {
  const store = new FakeStore(1);
  const key = 'CustomResourceDefinition/workerpools.genwarden.dev';
  store.meanwhile = () => {
    const { spec, ...rest } = store.objects.get(key) as unknown as Definition & Stored;
    const versions = spec.versions.map((each) => ({ ...each, storage: each.name === 'v1alpha1' }));
    store.objects.set(key, { ...rest, spec: { ...spec, versions } });
  };
  await expect(store.migratePools()).rejects.toThrow('the storage version of workerpools.genwarden.dev has changed');
  expect(store.storedVersions).toEqual(['v1alpha1', 'v1beta1']);
});

describe('what an object says about versions', () => {
  const versions = new Map([
    ['GenerationSchedule', 'v1beta1'],
    ['WorkerPool', 'v1beta1'],
  ]);

  test('entries of managedFields that differ only by version become one, with the fields of both', () => {
    const entry = (apiVersion: string, fields: object, more: object = {}) => ({
      manager: 'kubectl',
      operation: 'Update',
      apiVersion: `genwarden.dev/${apiVersion}`,
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:spec': fields },
      ...more,
    });
    const managedFields = [
      entry('v1alpha1', { 'f:replicas': {}, 'f:models': { 'f:image': {} } }),
      entry('v1beta1', { 'f:paused': {}, 'f:models': { 'f:text': {} } }),
      entry('v1alpha1', { 'f:concurrency': {} }, { manager: 'argocd', operation: 'Apply' }),
      entry('v1alpha1', {}, { manager: 'genwarden-operator', operation: 'Apply', subresource: 'status' }),
    ];
    const { metadata } = inVersion(pool('p', { managedFields }), versions);
    expect((metadata as unknown as { managedFields: unknown }).managedFields).toEqual([
      entry('v1beta1', { 'f:replicas': {}, 'f:paused': {}, 'f:models': { 'f:image': {}, 'f:text': {} } }),
      entry('v1beta1', { 'f:concurrency': {} }, { manager: 'argocd', operation: 'Apply' }),
      entry('v1beta1', {}, { manager: 'genwarden-operator', operation: 'Apply', subresource: 'status' }),
    ]);
  });

  test('owners of our kinds are named in the storage version, others stay', () => {
    const schedule = { apiVersion: 'genwarden.dev/v1alpha1', kind: 'GenerationSchedule', name: 's', uid: 'u' };
    const foreign = { apiVersion: 'example.com/v1alpha1', kind: 'GenerationSchedule', name: 'f', uid: 'f' };
    const { metadata } = inVersion(pool('p', { ownerReferences: [schedule, foreign] }), versions);
    expect(metadata.ownerReferences).toEqual([{ ...schedule, apiVersion: 'genwarden.dev/v1beta1' }, foreign]);
  });

  test('ConfigMaps with results are rewritten only if a GenerationJob owns them by another version', async () => {
    const store = new FakeStore(0);
    const owner = (apiVersion: string) => ({ apiVersion, kind: 'WorkerPool', name: 'p', uid: 'u' });
    const configMap = (name: string, apiVersion: string) =>
      store.add({ ...pool(name, { ownerReferences: [owner(apiVersion)] }), apiVersion: 'v1', kind: 'ConfigMap' });
    configMap('old', 'genwarden.dev/v1alpha1');
    configMap('new', 'genwarden.dev/v1beta1');
    configMap('other', 'apps/v1');
    expect(await migrateResults(store, versions)).toEqual({ objects: 1, rewritten: 1, failures: [] });
    expect(store.writes).toEqual(['v1 ConfigMap/old']);
    expect(store.objects.get('ConfigMap/old')!.metadata.ownerReferences).toEqual([owner('genwarden.dev/v1beta1')]);
  });
});
