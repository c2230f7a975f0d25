// Writes every object of a kind again, so that etcd has it in the storage version, and then says so in its definition. Running it
// again, or stopping it at any point, does no harm.

import { mapLimit } from '../../../async/mapLimit.ts';
import { configMapType } from '../../../operator/resources/builtInKinds.ts';
import { generationJobType, generationScheduleType, group, workerPoolType } from '../../../operator/resources/kinds.ts';
import {
  KubeError,
  type KubeObject,
  type ObjectMeta,
  type ResourceKey,
  type ResourceType,
  type StoredObjects,
} from '../../../ports/kubernetes.ts';
import { type Definition, definitionType, storageVersionOf } from '../doctor/kinds.ts';
import { hasOutdatedOwner, inVersion, type StorageVersions } from './inVersion.ts';

interface Rewritten {
  /** Objects that exist, and those of them that changed. */
  readonly objects: number;
  readonly rewritten: number;
  /** Objects that could not be written, each with its reason. */
  readonly failures: readonly string[];
}

export interface MigratedKind extends Rewritten {
  /** Such as `workerpools.genwarden.dev`. */
  readonly definition: string;
  readonly version: string;
  /** The versions that objects may have been stored in, before and now. With a failure they stay. */
  readonly storedBefore: readonly string[];
  readonly stored: readonly string[];
}

const types = [generationJobType, generationScheduleType, workerPoolType];
/** Objects written at the same time. */
const atOnce = 8;
/** A conflict means that somebody else wrote the object in between. */
const mostConflicts = 20;

/** By plural. Throws `KubeError`, with status 404 if a kind is not installed. */
export async function readDefinitions(cluster: StoredObjects): Promise<readonly Definition[]> {
  return Promise.all(types.map(({ plural }) => readDefinition(cluster, `${plural}.${group}`)));
}

export const storageVersions = (definitions: readonly Definition[]): StorageVersions =>
  new Map(definitions.map((each) => [each.spec.names.kind, storageVersionOf(each)]));

/** Throws `KubeError` if the API server does not answer or forbids it. */
export async function migrateKind(
  cluster: StoredObjects,
  definition: Definition,
  versions: StorageVersions,
): Promise<MigratedKind> {
  const version = storageVersionOf(definition);
  const type = { ...types.find(({ kind }) => kind === definition.spec.names.kind)!, version };
  const objects = await cluster.listMetadata(type);
  const result = await rewriteAll(cluster, type, objects, versions);
  const { name } = definition.metadata;
  const storedBefore = definition.status?.storedVersions ?? [];
  const stored = result.failures.length > 0 ? storedBefore : await recordStored(cluster, name, version);
  return { definition: name, version, storedBefore, stored, ...result };
}

/** ConfigMaps with results are written once, so their owners stay in the version of that time. */
export async function migrateResults(cluster: StoredObjects, versions: StorageVersions): Promise<Rewritten> {
  const all = await cluster.listMetadata(configMapType);
  const outdated = all.filter((each) => hasOutdatedOwner(each, versions));
  return rewriteAll(cluster, configMapType, outdated, versions);
}

async function rewriteAll(
  cluster: StoredObjects,
  type: ResourceType,
  all: readonly KubeObject[],
  versions: StorageVersions,
): Promise<Rewritten> {
  const results = await mapLimit(atOnce, all, async ({ metadata }) => {
    try {
      return { done: await rewrite(cluster, type, metadata, versions) };
    } catch (error) {
      if (!(error instanceof KubeError) || (error.status !== 422 && error.status !== 409)) throw error;
      return { failure: `${type.kind} ${nameOf(metadata)}: ${error.message}` };
    }
  });
  const count = (...which: Done[]): number =>
    results.filter(({ done }) => done !== undefined && which.includes(done)).length;
  return {
    objects: count('rewritten', 'unchanged'),
    rewritten: count('rewritten'),
    failures: results.flatMap(({ failure }) => failure ?? []),
  };
}

type Done = 'rewritten' | 'unchanged' | 'gone';

async function rewrite(
  cluster: StoredObjects,
  type: ResourceType,
  key: ResourceKey,
  versions: StorageVersions,
): Promise<Done> {
  for (let conflicts = 1; ; conflicts += 1) {
    const before = await cluster.getWhole<KubeObject>(type, key);
    if (before === undefined) return 'gone';
    try {
      const after = await cluster.replace(type, inVersion(before, versions));
      if (after === undefined) return 'gone';
      return after.metadata.resourceVersion === before.metadata.resourceVersion ? 'unchanged' : 'rewritten';
    } catch (error) {
      if (!isConflict(error) || conflicts >= mostConflicts) throw error;
    }
  }
}

/** Throws `KubeError` 409 if the storage version has changed meanwhile. */
async function recordStored(cluster: StoredObjects, name: string, version: string): Promise<readonly string[]> {
  const storedVersions = [version];
  for (let conflicts = 1; ; conflicts += 1) {
    const definition = await readDefinition(cluster, name);
    if (storageVersionOf(definition) !== version)
      throw new KubeError(409, 'Conflict', `the storage version of ${name} has changed meanwhile: run this again`);
    if (isOnly(definition.status?.storedVersions, version)) return storedVersions;
    try {
      const status = { ...definition.status, storedVersions };
      await cluster.replace(definitionType, { ...definition, status }, 'status');
      return storedVersions;
    } catch (error) {
      if (!isConflict(error) || conflicts >= mostConflicts) throw error;
    }
  }
}

async function readDefinition(cluster: StoredObjects, name: string): Promise<Definition> {
  const found = await cluster.getWhole<Definition>(definitionType, { namespace: '', name });
  if (found === undefined) throw new KubeError(404, 'NotFound', `CustomResourceDefinition ${name} is not installed`);
  return found;
}

const isOnly = (stored: readonly string[] | undefined, version: string): boolean =>
  stored?.length === 1 && stored[0] === version;

const isConflict = (error: unknown): boolean => error instanceof KubeError && error.status === 409;

const nameOf = ({ namespace, name }: ObjectMeta): string => `${namespace}/${name}`;
