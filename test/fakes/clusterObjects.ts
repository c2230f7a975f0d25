// The objects of a fake cluster: versions, generations, uids, server-side apply and the deletion of dependents.
import { randomUUID } from 'node:crypto';
import type { KubeObject, ResourceKey, ResourceType } from '../../src/ports/kubernetes.ts';
import type { ClusterChange } from './clusterWatch.ts';

interface Stored {
  object: KubeObject;
  /** The fields applied last, to the object and to its status. */
  applied: { main: Fields; status: Fields };
}

export class ClusterObjects {
  /** The resource version of the latest change to any object. */
  version = 100;
  readonly #now: () => string;
  readonly #onChange: (change: ClusterChange) => void;
  readonly #kinds = new Map<string, { readonly type: ResourceType; readonly stored: Map<string, Stored> }>();

  constructor(now: () => string, onChange: (change: ClusterChange) => void) {
    this.#now = now;
    this.#onChange = onChange;
  }

  find(type: ResourceType, key: ResourceKey): Stored | undefined {
    return this.#of(type).get(keyOf(key));
  }

  all(type: ResourceType): KubeObject[] {
    return [...this.#of(type).values()].map(({ object }) => object);
  }

  /** Creates or replaces an object. An object that stays the same keeps its version, and no watch hears of it. */
  store(type: ResourceType, next: Fields, before: Stored | undefined): KubeObject {
    const old = before?.object;
    if (old !== undefined && same(withoutServerFields(next), withoutServerFields(old))) return old;
    const object = this.#complete(type, next, old);
    if (before === undefined) this.#of(type).set(keyOf(object.metadata), { object, applied: { main: {}, status: {} } });
    else before.object = object;
    this.#onChange({ type, event: old === undefined ? 'added' : 'modified', object, before: old });
    return object;
  }

  remove(type: ResourceType, key: ResourceKey): void {
    const before = this.find(type, key)?.object;
    if (before === undefined) return;
    this.#of(type).delete(keyOf(key));
    const metadata = { ...before.metadata, resourceVersion: this.#nextVersion() };
    this.#onChange({ type, event: 'deleted', object: { ...before, metadata }, before });
    for (const { type: other, stored } of this.#kinds.values())
      for (const { object } of stored.values()) if (owns(before, object)) this.remove(other, object.metadata);
  }

  #complete(type: ResourceType, next: Fields, old: KubeObject | undefined): KubeObject {
    const specSame = old !== undefined && same(specOf(next), specOf(old));
    const metadata = {
      ...(next['metadata'] as Fields),
      uid: old?.metadata.uid ?? randomUUID(),
      creationTimestamp: old?.metadata.creationTimestamp ?? this.#now(),
      generation: (old?.metadata.generation ?? 0) + (specSame ? 0 : 1),
      resourceVersion: this.#nextVersion(),
    };
    const apiVersion = type.group === '' ? type.version : `${type.group}/${type.version}`;
    return structuredClone({ ...next, apiVersion, kind: type.kind, metadata }) as unknown as KubeObject;
  }

  #nextVersion(): string {
    this.version += 1;
    return String(this.version);
  }

  #of(type: ResourceType): Map<string, Stored> {
    const kind = this.#kinds.get(typeOf(type)) ?? { type, stored: new Map<string, Stored>() };
    this.#kinds.set(typeOf(type), kind);
    return kind.stored;
  }
}

export const typeOf = ({ group, plural }: ResourceType): string => `${plural}.${group}`;
const keyOf = ({ namespace, name }: ResourceKey): string => `${namespace}/${name}`;
const owns = (owner: KubeObject, { metadata }: KubeObject): boolean =>
  metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) === true;

const same = (one: unknown, other: unknown): boolean => JSON.stringify(inOrder(one)) === JSON.stringify(inOrder(other));

function specOf(object: object): unknown {
  return without(object as Fields, ['metadata', 'status', 'apiVersion', 'kind']);
}

/** The object without the fields that only the API server sets. */
function withoutServerFields(object: object): unknown {
  const { metadata } = object as { metadata: Fields };
  const ownMetadata = without(metadata, ['uid', 'resourceVersion', 'generation', 'creationTimestamp']);
  return { ...without(object as Fields, ['apiVersion', 'kind']), metadata: ownMetadata };
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(
    entries.sort(([one], [two]) => (one < two ? -1 : 1)).map(([key, inner]) => [key, inOrder(inner)]),
  );
}

export type Fields = Record<string, unknown>;

/**
 * Server-side apply by a single field manager that applied `before` the last time: removes the fields that are in `before` but
 * not in `now`, sets those in `now`, and replaces lists as a whole.
 */
export function applied(object: Fields, before: Fields, now: Fields): Fields {
  return merged(unset(object, before, now), now);
}

export function without(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function unset(object: Fields, before: Fields, now: Fields): Fields {
  const left: Fields = { ...object };
  for (const [key, old] of Object.entries(before)) {
    if (!(key in now)) {
      if (isFields(old) && isFields(left[key])) {
        left[key] = unset(left[key], old, {});
        if (Object.keys(left[key] as Fields).length === 0) delete left[key];
      } else delete left[key];
    } else if (isFields(old) && isFields(now[key]) && isFields(left[key])) {
      left[key] = unset(left[key], old, now[key]);
    }
  }
  return left;
}

function merged(object: Fields, now: Fields): Fields {
  const result: Fields = { ...object };
  for (const [key, value] of Object.entries(now)) {
    if (value === undefined) continue;
    const old = result[key];
    result[key] = isFields(value) ? merged(isFields(old) ? old : {}, value) : value;
  }
  return result;
}
