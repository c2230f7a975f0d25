// What the operator asks of a Kubernetes API server: reads, watches, server-side apply, and nothing that a test's stand-in
// could not offer as well.

/** Names a kind of resource the way the API's paths do. All that the operator touches is namespaced. */
export interface ResourceType {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  /** ISO 8601. */
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** An object as the API server has it. Cached ones are shared: never change one. */
export interface KubeObject<Spec = unknown, Status = unknown> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec?: Spec;
  readonly status?: Status;
}

/** What server-side apply sends: the fields that we own, and no others. */
export interface Applied {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    /** Only that very object and that very version of it are changed: 409 where it is another by now. */
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly OwnerReference[];
  };
  readonly [field: string]: unknown;
}

export interface ResourceKey {
  readonly namespace: string;
  readonly name: string;
}

export interface ListRequest {
  /** Absent: of all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
}

export interface Listed<T extends KubeObject> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

export type WatchEvent<T extends KubeObject> =
  | { readonly event: 'added' | 'modified' | 'deleted'; readonly object: T }
  /** Nothing changed up to this version. */
  | { readonly event: 'bookmark'; readonly resourceVersion: string };

/**
 * All calls throw `KubeError`; with a status of 0 where the API server was not reached or did not answer in time. Reads are
 * from the API server's own store ("most recent"), not from its cache.
 */
export interface Cluster {
  get<T extends KubeObject>(type: ResourceType, key: ResourceKey): Promise<T | undefined>;
  /** All pages. */
  list<T extends KubeObject>(type: ResourceType, request: ListRequest): Promise<Listed<T>>;
  /**
   * Events after `resourceVersion`, until the server ends the watch (the iteration ends), it breaks or is refused (throws;
   * 410 where the version is too old), or the signal aborts (ends).
   */
  watch<T extends KubeObject>(
    type: ResourceType,
    request: ListRequest & { readonly resourceVersion: string },
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>>;
  /** Server-side apply with force, as the field manager `genwarden-operator`. */
  apply<T extends KubeObject>(type: ResourceType, object: Applied): Promise<T>;
  /** The same on the status subresource. Undefined where the object is gone. */
  applyStatus<T extends KubeObject>(type: ResourceType, object: Applied): Promise<T | undefined>;
  /** Sets annotations by a merge patch (null removes one). Undefined where the object is gone. */
  annotate<T extends KubeObject>(
    type: ResourceType,
    key: ResourceKey,
    annotations: Readonly<Record<string, string | null>>,
  ): Promise<T | undefined>;
  /** Deletes in the background, with `uid` only that very object; false where it is gone already. */
  delete(type: ResourceType, key: ResourceKey, options?: { readonly uid?: string }): Promise<boolean>;
}

/** An answer of the API server that is no success, or the lack of one. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  /** HTTP status; 0: no answer. */
  readonly status: number;
  /** The API's own word, such as `NotFound`, `Conflict`, `Expired`, `Invalid`. */
  readonly reason: string;

  constructor(status: number, reason: string, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.status = status;
    this.reason = reason;
  }
}
