// Objects and pods of a real cluster: lists in pages, watches line by line, writes by server-side apply.

import {
  KubeError,
  type ApplyConfiguration,
  type Cluster,
  type KubeObject,
  type ListRequest,
  type ObjectList,
  type PodConnection,
  type PodLogRequest,
  type Pods,
  type ResourceKey,
  type ResourceType,
  type StoredObjects,
  type WatchEvent,
} from '../../ports/kubernetes.ts';
import { errorOf, KubeHttp, type KubeServer, linesOf } from './http.ts';
import { Kubeconfig } from './kubeconfig.ts';
import { podLog } from './podLog.ts';
import { forwardPort } from './portForward.ts';
import type { LabelledCounter } from './telemetry.ts';

export interface KubeClientOptions {
  /** A pod's service account cannot forward ports. */
  readonly kubeconfig: Kubeconfig | KubeServer;
  /** The name of this program: its field manager, and its user agent together with the version. */
  readonly program: string;
  readonly version: string;
  readonly requests?: LabelledCounter<'code' | 'method' | 'host'>;
  /** How long an answer may take, ms; default 10,000. */
  readonly timeoutMs?: number;
  /** Objects per page of a list; default 500. */
  readonly pageSize?: number;
}

const applyPatch = 'application/apply-patch+yaml';
const mergePatch = 'application/merge-patch+json';
const metadataOnly = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
/** The API server ends a watch after this many seconds, plus a random part of the spread. */
const watchSeconds = { least: 270, spread: 30 };

/** Sends nothing until the first call. */
export class KubeClient implements Cluster, Pods, StoredObjects {
  readonly #http: KubeHttp;
  readonly #kubeconfig: Kubeconfig | KubeServer;
  readonly #fieldManager: string;
  readonly #pageSize: number;

  /** Throws `InvalidConfiguration` when the kubeconfig names no API server. */
  constructor({ kubeconfig, program, version, requests, timeoutMs = 10_000, pageSize = 500 }: KubeClientOptions) {
    const counted = requests === undefined ? {} : { requests };
    this.#http = new KubeHttp({ server: kubeconfig, userAgent: `${program}/${version}`, timeoutMs, ...counted });
    this.#kubeconfig = kubeconfig;
    this.#fieldManager = program;
    this.#pageSize = pageSize;
  }

  /** `host:port` of the API server. */
  get host(): string {
    return this.#http.host;
  }

  /** Breaks off the requests in progress. */
  close(): void {
    this.#http.close();
  }

  async get<T extends KubeObject>(type: ResourceType, key: ResourceKey): Promise<T | undefined> {
    return undefinedIfGone(
      async () => withoutManagedFields(await this.#http.request({ method: 'GET', path: pathOf(type, key) })) as T,
    );
  }

  list<T extends KubeObject>(type: ResourceType, request: ListRequest): Promise<ObjectList<T>> {
    return this.#list(type, request, {});
  }

  async listMetadata(type: ResourceType): Promise<readonly KubeObject[]> {
    return (await this.#list<KubeObject>(type, {}, { accept: metadataOnly })).items;
  }

  async getWhole<T extends KubeObject>(type: ResourceType, key: ResourceKey): Promise<T | undefined> {
    return undefinedIfGone(async () => (await this.#http.request({ method: 'GET', path: pathOf(type, key) })) as T);
  }

  async replace<T extends KubeObject>(type: ResourceType, object: T, subresource?: 'status'): Promise<T | undefined> {
    const { namespace, name } = object.metadata;
    const path = pathOf(type, { namespace, name, subresource }, { fieldManager: this.#fieldManager });
    const put = { method: 'PUT', path, contentType: 'application/json', body: object } as const;
    return undefinedIfGone(async () => (await this.#http.request(put)) as T);
  }

  async #list<T extends KubeObject>(
    type: ResourceType,
    request: ListRequest,
    form: { readonly accept?: string },
  ): Promise<ObjectList<T>> {
    try {
      return await this.#listPages<T>(type, request, String(this.#pageSize), form);
    } catch (error) {
      // The pages outlived the snapshot that they were read from; a single page needs none.
      if (!(error instanceof KubeError) || error.status !== 410) throw error;
      return this.#listPages<T>(type, request, undefined, form);
    }
  }

  async #listPages<T extends KubeObject>(
    type: ResourceType,
    { namespace, labelSelector }: ListRequest,
    limit: string | undefined,
    form: { readonly accept?: string },
  ): Promise<ObjectList<T>> {
    const items: T[] = [];
    for (let next: string | undefined; ;) {
      const path = pathOf(type, { namespace }, { labelSelector, limit, continue: next });
      const page = (await this.#http.request({ method: 'GET', path, ...form })) as Page;
      // The API server leaves these fields out of the items of a list.
      const common = { apiVersion: page.apiVersion, kind: type.kind };
      for (const item of page.items ?? []) items.push({ ...common, ...(withoutManagedFields(item) as T) });
      next = page.metadata.continue === '' ? undefined : page.metadata.continue;
      if (next === undefined) return { items, resourceVersion: page.metadata.resourceVersion };
    }
  }

  async *watch<T extends KubeObject>(
    type: ResourceType,
    { namespace, labelSelector, resourceVersion }: ListRequest & { readonly resourceVersion: string },
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>> {
    const timeoutSeconds = String(Math.round(watchSeconds.least + Math.random() * watchSeconds.spread));
    const query = { watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds, labelSelector, resourceVersion };
    const path = pathOf(type, { namespace }, query);
    try {
      for await (const line of linesOf(await this.#http.stream({ method: 'GET', path, signal }), 'throw')) {
        if (signal.aborted) return;
        if (line !== '') yield eventOf<T>(line);
      }
    } catch (error) {
      if (signal.aborted) return;
      throw error instanceof KubeError ? error : brokenWatch(path, error);
    }
  }

  async create<T extends KubeObject>(type: ResourceType, object: ApplyConfiguration): Promise<T | undefined> {
    const path = pathOf(type, { namespace: object.metadata.namespace }, { fieldManager: this.#fieldManager });
    const post = { method: 'POST', path, contentType: 'application/json', body: object } as const;
    try {
      return withoutManagedFields(await this.#http.request(post)) as T;
    } catch (error) {
      if (error instanceof KubeError && error.reason === 'AlreadyExists') return undefined;
      throw error;
    }
  }

  async apply<T extends KubeObject>(type: ResourceType, object: ApplyConfiguration): Promise<T> {
    return (await this.#apply(type, object, undefined)) as T;
  }

  async applyStatus<T extends KubeObject>(type: ResourceType, object: ApplyConfiguration): Promise<T | undefined> {
    return undefinedIfGone(async () => (await this.#apply(type, object, 'status')) as T);
  }

  async mergeStatus<T extends KubeObject>(
    type: ResourceType,
    { resourceVersion, ...key }: ResourceKey & { readonly resourceVersion: string },
    status: object,
  ): Promise<T | undefined> {
    const path = pathOf(type, { ...key, subresource: 'status' }, { fieldManager: this.#fieldManager });
    const body = { metadata: { resourceVersion }, status };
    const patch = { method: 'PATCH', path, contentType: mergePatch, body } as const;
    return undefinedIfGone(async () => withoutManagedFields(await this.#http.request(patch)) as T);
  }

  async annotate<T extends KubeObject>(
    type: ResourceType,
    key: ResourceKey,
    annotations: Readonly<Record<string, string | null>>,
  ): Promise<T | undefined> {
    const path = pathOf(type, key, { fieldManager: this.#fieldManager });
    const body = { metadata: { annotations } };
    const patch = { method: 'PATCH', path, contentType: mergePatch, body } as const;
    return undefinedIfGone(async () => withoutManagedFields(await this.#http.request(patch)) as T);
  }

  async delete(type: ResourceType, key: ResourceKey, options: { readonly uid?: string } = {}): Promise<boolean> {
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: 'Background',
      ...(options.uid === undefined ? {} : { preconditions: { uid: options.uid } }),
    };
    try {
      await this.#http.request({ method: 'DELETE', path: pathOf(type, key), contentType: 'application/json', body });
      return true;
    } catch (error) {
      // 409: the name now belongs to an object with another uid.
      if (error instanceof KubeError && (error.status === 404 || error.status === 409)) return false;
      throw error;
    }
  }

  log(request: PodLogRequest, signal: AbortSignal): AsyncIterable<string> {
    return podLog(this.#http, request, signal);
  }

  async forward(pod: ResourceKey, port: number): Promise<PodConnection> {
    if (!(this.#kubeconfig instanceof Kubeconfig)) throw new Error('ports are forwarded with a kubeconfig only');
    return forwardPort(this.#kubeconfig, pod, port);
  }

  async #apply(type: ResourceType, object: ApplyConfiguration, subresource: 'status' | undefined): Promise<unknown> {
    const { namespace, name } = object.metadata;
    const path = pathOf(type, { namespace, name, subresource }, { fieldManager: this.#fieldManager, force: 'true' });
    const patch = { method: 'PATCH', path, contentType: applyPatch, body: object } as const;
    return withoutManagedFields(await this.#http.request(patch));
  }
}

interface Page {
  readonly apiVersion: string;
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items?: readonly unknown[] | null;
}

interface Place {
  readonly namespace?: string | undefined;
  readonly name?: string;
  readonly subresource?: 'status' | undefined;
}

/** The path of all objects of a kind, of those in a namespace, of one object, or of its subresource. An empty namespace is none. */
function pathOf(
  { group, version, plural }: ResourceType,
  { namespace, name, subresource }: Place,
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const scope = namespace === undefined || namespace === '' ? [] : ['namespaces', namespace];
  const segments = [...scope, plural, name, subresource].filter((segment) => segment !== undefined);
  const parameters = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const search = new URLSearchParams(parameters).toString();
  return `${root}/${segments.map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`;
}

async function undefinedIfGone<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return undefined;
    throw error;
  }
}

const changeOf = { ADDED: 'added', MODIFIED: 'modified', DELETED: 'deleted' } as const;

/** Throws the `KubeError` that the API server sends instead of an event, or a SyntaxError. */
function eventOf<T extends KubeObject>(line: string): WatchEvent<T> {
  const { type, object } = JSON.parse(line) as {
    type: string;
    object: { code?: number; metadata?: { resourceVersion: string } };
  };
  if (type === 'ERROR') throw errorOf(object.code ?? 500, JSON.stringify(object));
  if (type === 'BOOKMARK') return { event: 'bookmark', resourceVersion: object.metadata?.resourceVersion ?? '' };
  return { event: changeOf[type as keyof typeof changeOf], object: withoutManagedFields(object) as T };
}

function brokenWatch(path: string, error: unknown): KubeError {
  const why = error instanceof Error ? error.message : String(error);
  return new KubeError(0, 'WatchBroken', `GET ${path.split('?')[0]}: the watch broke: ${why}`, { cause: error });
}

/** `managedFields` are half of an object's bytes, and Genwarden reads none of them. */
function withoutManagedFields(object: unknown): unknown {
  const { metadata } = object as { metadata?: { managedFields?: unknown } };
  if (metadata !== undefined) delete metadata.managedFields;
  return object;
}
