// The objects of the stand-in of an API server: versions, generations and uids, and the deletion of what is owned.
import { randomUUID } from 'node:crypto';
import type { KubeObject, ResourceKey, ResourceType } from '../../src/ports/kubernetes.ts';
import { without, type Fields } from './clusterApply.ts';
import type { Happened } from './clusterWatch.ts';

interface Kept {
  object: KubeObject;
  /** What we applied last, for the object and for its status. */
  ours: { main: Fields; status: Fields };
}

export class ClusterObjects {
  /** Of the last change of any object. */
  version = 100;
  readonly #now: () => string;
  readonly #onHappened: (happened: Happened) => void;
  readonly #kinds = new Map<string, { readonly type: ResourceType; readonly kept: Map<string, Kept> }>();

  constructor(now: () => string, onHappened: (happened: Happened) => void) {
    this.#now = now;
    this.#onHappened = onHappened;
  }

  find(type: ResourceType, key: ResourceKey): Kept | undefined {
    return this.#of(type).get(keyOf(key));
  }

  all(type: ResourceType): KubeObject[] {
    return [...this.#of(type).values()].map(({ object }) => object);
  }

  /** Nothing happens where nothing differs. */
  store(type: ResourceType, next: Fields, before: Kept | undefined): KubeObject {
    const old = before?.object;
    if (old !== undefined && same(ofUsers(next), ofUsers(old))) return old;
    const object = this.#complete(type, next, old);
    if (before === undefined) this.#of(type).set(keyOf(object.metadata), { object, ours: { main: {}, status: {} } });
    else before.object = object;
    this.#onHappened({ type, event: old === undefined ? 'added' : 'modified', object, before: old });
    return object;
  }

  remove(type: ResourceType, key: ResourceKey): void {
    const before = this.find(type, key)?.object;
    if (before === undefined) return;
    this.#of(type).delete(keyOf(key));
    const metadata = { ...before.metadata, resourceVersion: this.#nextVersion() };
    this.#onHappened({ type, event: 'deleted', object: { ...before, metadata }, before });
    for (const { type: other, kept } of this.#kinds.values())
      for (const { object } of kept.values()) if (owns(before, object)) this.remove(other, object.metadata);
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

  #of(type: ResourceType): Map<string, Kept> {
    const kind = this.#kinds.get(typeOf(type)) ?? { type, kept: new Map<string, Kept>() };
    this.#kinds.set(typeOf(type), kind);
    return kind.kept;
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

/** Without what only the API server sets. */
function ofUsers(object: object): unknown {
  const { metadata } = object as { metadata: Fields };
  const ours = without(metadata, ['uid', 'resourceVersion', 'generation', 'creationTimestamp']);
  return { ...without(object as Fields, ['apiVersion', 'kind']), metadata: ours };
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(
    entries.sort(([one], [two]) => (one < two ? -1 : 1)).map(([key, inner]) => [key, inOrder(inner)]),
  );
}
