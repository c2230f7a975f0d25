// The objects that an informer caches by key, and the changes that watches and lists make to them.

import type { Change, KubeObject, ResourceKey } from '../../ports/kubernetes.ts';

export class ObjectCache<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #onChange: (object: T, change: Change) => void;

  constructor(onChange: (object: T, change: Change) => void) {
    this.#onChange = onChange;
  }

  get(key: ResourceKey): T | undefined {
    return this.#objects.get(keyOf(key));
  }

  list(): readonly T[] {
    return [...this.#objects.values()];
  }

  /**
   * Applies a watch event. Ignores it when the cache already has that version or a newer one, as after a watch restarts
   * from an earlier version.
   */
  applyEvent(event: Change, object: T): void {
    const key = keyOf(object.metadata);
    const known = this.#objects.get(key);
    const { resourceVersion } = object.metadata;
    if (known !== undefined && isNewer(known.metadata.resourceVersion, resourceVersion)) return;
    if (event === 'deleted') {
      if (known !== undefined) this.#remove(key, object);
    } else if (known?.metadata.resourceVersion !== resourceVersion) this.#set(key, object);
  }

  /**
   * Replaces the objects of a namespace (undefined: of all) with a list. With `since`, keeps the objects that are newer than
   * the list and leaves out those that the watch saw deleted meanwhile. Returns how many objects differed.
   */
  replace(
    items: readonly T[],
    namespace: string | undefined,
    since?: { readonly version: string; readonly deleted: ReadonlySet<string> },
  ): number {
    const newer = ({ metadata }: T): boolean => since !== undefined && isNewer(metadata.resourceVersion, since.version);
    const listed = new Set(items.map(({ metadata }) => keyOf(metadata)));
    let changed = 0;
    for (const [key, known] of this.#objects) {
      if (listed.has(key) || (namespace !== undefined && known.metadata.namespace !== namespace) || newer(known))
        continue;
      this.#remove(key, known);
      changed += 1;
    }
    for (const item of items) {
      const key = keyOf(item.metadata);
      const known = this.#objects.get(key);
      if (known?.metadata.resourceVersion === item.metadata.resourceVersion || since?.deleted.has(key) === true)
        continue;
      if (
        known !== undefined &&
        since !== undefined &&
        isNewer(known.metadata.resourceVersion, item.metadata.resourceVersion)
      )
        continue;
      this.#set(key, item);
      changed += 1;
    }
    return changed;
  }

  #set(key: string, object: T): void {
    const before = this.#objects.get(key);
    this.#objects.set(key, object);
    const replaced = before !== undefined && before.metadata.uid !== object.metadata.uid;
    // A new object under the same name: readers that track UIDs must learn that the old one was deleted.
    if (replaced) this.#onChange(before, 'deleted');
    this.#onChange(object, before === undefined || replaced ? 'added' : 'modified');
  }

  #remove(key: string, object: T): void {
    this.#objects.delete(key);
    this.#onChange(object, 'deleted');
  }
}

export const keyOf = ({ namespace, name }: ResourceKey): string => `${namespace}/${name}`;

/**
 * Kubernetes guarantees that resource versions compare as numbers (KEP-5504). False when one of them is not a number: then
 * neither counts as newer.
 */
function isNewer(version: string, than: string): boolean {
  if (!digits.test(version) || !digits.test(than)) return false;
  return version.length === than.length ? version > than : version.length > than.length;
}

const digits = /^[1-9]\d*$/;
