// Which resources there are, by uid, and which have gone: jobs name their resource by its uid alone.

import type { KubeObject, ResourceKey } from '../../ports/kubernetes.ts';

export interface Gone {
  readonly uid: string;
  /** Its job had ended when it was seen last. */
  readonly finished: boolean;
}

interface Place {
  readonly key: ResourceKey;
  finished: boolean;
}

export class Owners {
  readonly #places = new Map<string, Place>();
  readonly #current = new Map<string, string>();
  readonly #gone = new Map<string, Map<string, Gone>>();

  /** A resource is there. One of the same name with another uid has gone, even if nobody said so. */
  see({ metadata }: KubeObject, finished: boolean): void {
    const { uid } = metadata;
    const key = { namespace: metadata.namespace, name: metadata.name };
    const before = this.#current.get(textOf(key));
    if (before !== undefined && before !== uid) this.#leave(key, before);
    this.#current.set(textOf(key), uid);
    this.#places.set(uid, { key, finished });
  }

  lose({ metadata }: KubeObject): void {
    if (this.#places.has(metadata.uid)) this.#leave(metadata, metadata.uid);
  }

  keyOf(uid: string): ResourceKey | undefined {
    return this.#places.get(uid)?.key;
  }

  /** Resources of this name whose jobs nobody has looked after since they went. */
  goneAt(key: ResourceKey): readonly Gone[] {
    return [...(this.#gone.get(textOf(key))?.values() ?? [])];
  }

  /** The job of a resource that has gone is looked after. */
  settle(key: ResourceKey, uid: string): void {
    const gone = this.#gone.get(textOf(key));
    gone?.delete(uid);
    if (gone?.size === 0) this.#gone.delete(textOf(key));
  }

  #leave(key: ResourceKey, uid: string): void {
    const gone = this.#gone.get(textOf(key)) ?? new Map<string, Gone>();
    gone.set(uid, { uid, finished: this.#places.get(uid)?.finished ?? false });
    this.#gone.set(textOf(key), gone);
    this.#places.delete(uid);
    if (this.#current.get(textOf(key)) === uid) this.#current.delete(textOf(key));
  }
}

const textOf = ({ namespace, name }: ResourceKey): string => `${namespace}/${name}`;
