// What Genwarden needs from a Kubernetes API server: reads, watches, server-side apply, caches that follow a kind, and the logs
// and ports of pods.

import type { Duplex, Writable } from 'node:stream';

import type { Monotonic } from '../job/time.ts';

/** Identifies a kind of resource, as the paths of the API do. Genwarden uses namespaced kinds only. */
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

/** An object as the API server returns it. Cached objects are shared between readers: never mutate one. */
export interface KubeObject<Spec = unknown, Status = unknown> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec?: Spec;
  readonly status?: Status;
}

/** The body of a server-side apply: the fields that this program owns, and no others. */
export interface ApplyConfiguration {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    /** Preconditions: the API server answers 409 when the object's uid or version differs. */
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly OwnerReference[];
  };
  readonly [field: string]: unknown;
}

export interface ResourceKey {
  /** Empty for objects of the whole cluster. */
  readonly namespace: string;
  readonly name: string;
}

export interface ListRequest {
  /** All namespaces when absent. */
  readonly namespace?: string;
  readonly labelSelector?: string;
}

export interface ObjectList<T extends KubeObject> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

export type Change = 'added' | 'modified' | 'deleted';

export type WatchEvent<T extends KubeObject> =
  | { readonly event: Change; readonly object: T }
  /** The watch has delivered every change up to this version. */
  | { readonly event: 'bookmark'; readonly resourceVersion: string };

/**
 * All calls throw `KubeError`, with status 0 when the API server could not be reached or did not answer in time. Reads are
 * consistent ("most recent"): they bypass the API server's watch cache.
 */
export interface Cluster {
  /** Undefined if the object does not exist. */
  get<T extends KubeObject>(type: ResourceType, key: ResourceKey): Promise<T | undefined>;
  /** Reads every page. */
  list<T extends KubeObject>(type: ResourceType, request: ListRequest): Promise<ObjectList<T>>;
  /**
   * Events after `resourceVersion`. The iteration ends when the server ends the watch or the signal aborts; it throws when
   * the watch breaks or is refused (410: the version is too old).
   */
  watch<T extends KubeObject>(
    type: ResourceType,
    request: ListRequest & { readonly resourceVersion: string },
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>>;
  /** Undefined if an object with this name exists; `KubeError` 422 if the API server refuses the object. */
  create<T extends KubeObject>(type: ResourceType, object: ApplyConfiguration): Promise<T | undefined>;
  /** Server-side apply with force; the field manager is the name of the program. */
  apply<T extends KubeObject>(type: ResourceType, object: ApplyConfiguration): Promise<T>;
  /** Applies the status subresource. Undefined if the object no longer exists. */
  applyStatus<T extends KubeObject>(type: ResourceType, object: ApplyConfiguration): Promise<T | undefined>;
  /**
   * Merges fields into the status of an object of another controller, with a merge patch: null removes a field, and a list
   * replaces the whole list. Undefined if the object no longer exists; `KubeError` 409 if its version differs.
   */
  mergeStatus<T extends KubeObject>(
    type: ResourceType,
    key: ResourceKey & { readonly resourceVersion: string },
    status: object,
  ): Promise<T | undefined>;
  /** Sets annotations with a merge patch; null removes one. Undefined if the object no longer exists. */
  annotate<T extends KubeObject>(
    type: ResourceType,
    key: ResourceKey,
    annotations: Readonly<Record<string, string | null>>,
  ): Promise<T | undefined>;
  /**
   * Deletes with background propagation, and only the object with this `uid` when one is given. False when it is
   * already deleted.
   */
  delete(type: ResourceType, key: ResourceKey, options?: { readonly uid?: string }): Promise<boolean>;
}

/** What it takes to write objects again as they are. All calls throw `KubeError`. */
export interface StoredObjects {
  /** Of all namespaces: objects without spec and status. */
  listMetadata(type: ResourceType): Promise<readonly KubeObject[]>;
  /** With managedFields, unlike `Cluster.get`. Undefined if the object does not exist. */
  getWhole<T extends KubeObject>(type: ResourceType, key: ResourceKey): Promise<T | undefined>;
  /** `KubeError` 409 if the object has changed since it was read. Undefined if it no longer exists. */
  replace<T extends KubeObject>(type: ResourceType, object: T, subresource?: 'status'): Promise<T | undefined>;
}

export interface PodLogRequest extends ResourceKey {
  readonly container: string;
  /** ISO 8601. */
  readonly since: string;
  /** Keep reading until the container ends, across broken connections. */
  readonly follow: boolean;
  /** Read the log of the container before its last restart. */
  readonly previous?: boolean;
}

/** One connection to a port of a pod. */
export interface PodConnection {
  readonly toPod: Writable;
  readonly fromPod: Duplex;
  /** Calls the listener once the connection is closed, by either end or in between, with the reason when there is one. */
  onClose(listener: (why: string | undefined) => void): void;
  close(): void;
}

/** The subresources of pods. Both calls throw `KubeError`. */
export interface Pods {
  /** The lines of a container's log. Ends with the log, or when the signal aborts. */
  log(request: PodLogRequest, signal: AbortSignal): AsyncIterable<string>;
  forward(pod: ResourceKey, port: number): Promise<PodConnection>;
}

export interface InformerOptions<T extends KubeObject> {
  readonly type: ResourceType;
  /** Empty: all namespaces. */
  readonly namespaces: readonly string[];
  readonly labelSelector?: string;
  /**
   * Called after the cache has taken in a new, changed or deleted object (then with its last state); it must only enqueue
   * keys. A relist reports the changes that the watch missed. An exception is logged and otherwise ignored.
   */
  readonly onChange: (object: T, change: Change) => void;
  /** Ends the informer. */
  readonly signal: AbortSignal;
}

/** A cache of all objects of one kind. Its objects are shared between readers: never mutate one. */
export interface Informer<T extends KubeObject> {
  get(key: ResourceKey): T | undefined;
  list(): readonly T[];
  /** True once the first full list has been read. */
  synced(): boolean;
  /** Resolves once synced, however long that takes; rejects with the signal's reason when the signal aborts first. */
  untilSynced(): Promise<void>;
  /** When the latest full list was requested; `longAgo` before the first. */
  listedAt(): Monotonic;
}

/** Starts an informer that runs until its signal aborts, whatever the API server does. */
export type StartInformer = <T extends KubeObject>(options: InformerOptions<T>) => Informer<T>;

/** An unsuccessful answer of the API server, or the lack of one. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  /** HTTP status; 0: no answer. */
  readonly status: number;
  /** The reason of the API server's `Status`, such as `NotFound`, `Conflict`, `Expired`, `Invalid`. */
  readonly reason: string;

  constructor(status: number, reason: string, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.status = status;
    this.reason = reason;
  }
}
