// What an informer knows: the objects of a kind by name, and what changes when the watch or a list says something new.

import type { KubeObject, ResourceKey } from './cluster.ts';
import { isNewer } from './versions.ts';

export type Change = 'added' | 'modified' | 'deleted';

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

  /** Takes in what a watch says; what is no news, as after going back to an earlier version, is passed over. */
  hear(event: Change, object: T): void {
    const key = keyOf(object.metadata);
    const known = this.#objects.get(key);
    const { resourceVersion } = object.metadata;
    if (known !== undefined && isNewer(known.metadata.resourceVersion, resourceVersion)) return;
    if (event === 'deleted') {
      if (known !== undefined) this.#remove(key, object);
    } else if (known?.metadata.resourceVersion !== resourceVersion) this.#set(key, object);
  }

  /**
   * Takes a list of the objects in this namespace (undefined: of all) for the truth; with `since`, only as far as the
   * cache has nothing newer, and no object that the watch saw go since. Returns how many objects differed.
   */
  replace(items: readonly T[], namespace: string | undefined, since?: { version: string; gone: Set<string> }): number {
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
      if (known?.metadata.resourceVersion === item.metadata.resourceVersion || since?.gone.has(key) === true) continue;
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
    // Another object of the same name: those who hold on to a uid hear that theirs is gone.
    if (before !== undefined && before.metadata.uid !== object.metadata.uid) this.#onChange(before, 'deleted');
    this.#onChange(object, before?.metadata.uid === object.metadata.uid ? 'modified' : 'added');
  }

  #remove(key: string, object: T): void {
    this.#objects.delete(key);
    this.#onChange(object, 'deleted');
  }
}

export const keyOf = ({ namespace, name }: ResourceKey): string => `${namespace}/${name}`;
