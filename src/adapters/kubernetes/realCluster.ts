// The cluster of a real API server: lists in pages, watches line by line, and writes by server-side apply.

import type { IncomingMessage } from 'node:http';
import { KubeConfig } from '@kubernetes/client-node';
import { GenwardenError } from '../../job/errors/index.ts';
import type { OperatorMetrics } from '../../telemetry/metrics.ts';
import {
  KubeError,
  type ApplyConfiguration,
  type Cluster,
  type ObjectList,
  type ListRequest,
  type KubeObject,
  type ResourceKey,
  type ResourceType,
  type WatchEvent,
} from '../../ports/kubernetes.ts';
import { errorOf, KubeConnection } from './connection.ts';
import { pathOf, placeOf } from './paths.ts';

export interface RealClusterOptions {
  readonly metrics: Pick<OperatorMetrics, 'kubeRequests'>;
  /** Of this program. */
  readonly version: string;
  /** How long an answer may take, ms; default 10,000. */
  readonly timeoutMs?: number;
  /** Objects a page; default 500. */
  readonly pageSize?: number;
}

export interface RealCluster extends Cluster {
  /** `host:port` of the API server. */
  readonly host: string;
  /** Breaks off what is under way. */
  close(): void;
}

const manager = 'genwarden-operator';
const applyPatch = 'application/apply-patch+yaml';
const mergePatch = 'application/merge-patch+json';
/** The server ends a watch after so many seconds, and so many more at random. */
const watchFor = { least: 270, spread: 30 };

/**
 * The cluster that `KUBECONFIG`, `~/.kube/config` or the pod's service account names. Throws `InvalidConfiguration`
 * where the configuration cannot be read; asks nothing of the server yet.
 */
export function connectCluster(options: RealClusterOptions): RealCluster {
  const config = new KubeConfig();
  try {
    config.loadFromDefault();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new GenwardenError('InvalidConfiguration', `The Kubernetes configuration cannot be read: ${why}`, {
      cause: error,
    });
  }
  const { metrics, version, timeoutMs = 10_000, pageSize = 500 } = options;
  return new ApiServer(
    new KubeConnection({ config, metrics, timeoutMs, userAgent: `${manager}/${version}` }),
    pageSize,
  );
}

class ApiServer implements RealCluster {
  readonly #connection: KubeConnection;
  readonly #pageSize: number;

  constructor(connection: KubeConnection, pageSize: number) {
    this.#connection = connection;
    this.#pageSize = pageSize;
  }

  get host(): string {
    return this.#connection.host;
  }

  close(): void {
    this.#connection.close();
  }

  async get<T extends KubeObject>(type: ResourceType, key: ResourceKey): Promise<T | undefined> {
    return unlessGone(
      async () => lean(await this.#connection.ask({ method: 'GET', path: pathOf(type, placeOf(key)) })) as T,
    );
  }

  async list<T extends KubeObject>(type: ResourceType, request: ListRequest): Promise<ObjectList<T>> {
    try {
      return await this.#pages<T>(type, request, String(this.#pageSize));
    } catch (error) {
      // The pages outlived the snapshot that they are of; the whole at once needs none.
      if (!(error instanceof KubeError) || error.status !== 410) throw error;
      return this.#pages<T>(type, request, undefined);
    }
  }

  async #pages<T extends KubeObject>(
    type: ResourceType,
    request: ListRequest,
    limit: string | undefined,
  ): Promise<ObjectList<T>> {
    const { namespace, labelSelector } = request;
    const items: T[] = [];
    for (let next: string | undefined; ;) {
      const path = pathOf(type, { namespace }, { labelSelector, limit, continue: next });
      const page = (await this.#connection.ask({ method: 'GET', path })) as Page;
      // In a list the API server leaves out what is the same for all.
      const named = { apiVersion: page.apiVersion, kind: type.kind };
      for (const item of page.items ?? []) items.push({ ...named, ...(lean(item) as T) });
      next = page.metadata.continue === '' ? undefined : page.metadata.continue;
      if (next === undefined) return { items, resourceVersion: page.metadata.resourceVersion };
    }
  }

  async *watch<T extends KubeObject>(
    type: ResourceType,
    request: ListRequest & { readonly resourceVersion: string },
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>> {
    const { namespace, labelSelector, resourceVersion } = request;
    const timeoutSeconds = String(Math.round(watchFor.least + Math.random() * watchFor.spread));
    const query = { watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds, labelSelector, resourceVersion };
    const path = pathOf(type, { namespace }, query);
    try {
      for await (const line of linesOf(await this.#connection.open({ method: 'GET', path, signal }))) {
        if (signal.aborted) return;
        yield eventOf<T>(line);
      }
    } catch (error) {
      if (signal.aborted) return;
      throw error instanceof KubeError ? error : brokenWatch(path, error);
    }
  }

  async apply<T extends KubeObject>(type: ResourceType, object: ApplyConfiguration): Promise<T> {
    return (await this.#apply(type, object, undefined)) as T;
  }

  async applyStatus<T extends KubeObject>(type: ResourceType, object: ApplyConfiguration): Promise<T | undefined> {
    return unlessGone(async () => (await this.#apply(type, object, 'status')) as T);
  }

  async annotate<T extends KubeObject>(
    type: ResourceType,
    key: ResourceKey,
    annotations: Readonly<Record<string, string | null>>,
  ): Promise<T | undefined> {
    const path = pathOf(type, placeOf(key), { fieldManager: manager });
    const body = { metadata: { annotations } };
    const patch = { method: 'PATCH', path, contentType: mergePatch, body } as const;
    return unlessGone(async () => lean(await this.#connection.ask(patch)) as T);
  }

  async delete(type: ResourceType, key: ResourceKey, options: { readonly uid?: string } = {}): Promise<boolean> {
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: 'Background',
      ...(options.uid === undefined ? {} : { preconditions: { uid: options.uid } }),
    };
    const path = pathOf(type, placeOf(key));
    try {
      await this.#connection.ask({ method: 'DELETE', path, contentType: 'application/json', body });
      return true;
    } catch (error) {
      // 409: another object has the name by now.
      if (error instanceof KubeError && (error.status === 404 || error.status === 409)) return false;
      throw error;
    }
  }

  async #apply(type: ResourceType, object: ApplyConfiguration, subresource: 'status' | undefined): Promise<unknown> {
    const place = { ...placeOf(object.metadata), ...(subresource === undefined ? {} : { subresource }) };
    const path = pathOf(type, place, { fieldManager: manager, force: 'true' });
    return lean(await this.#connection.ask({ method: 'PATCH', path, contentType: applyPatch, body: object }));
  }
}

interface Page {
  readonly apiVersion: string;
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items?: readonly unknown[] | null;
}

async function unlessGone<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return undefined;
    throw error;
  }
}

/** Throws where the answer breaks off; a reader that has enough closes it. */
async function* linesOf(answer: IncomingMessage): AsyncIterable<string> {
  let rest = '';
  for await (const chunk of answer.setEncoding('utf8') as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    yield* lines.filter((line) => line !== '');
  }
  if (rest !== '') throw new Error('the last line is not whole');
}

const kinds = { ADDED: 'added', MODIFIED: 'modified', DELETED: 'deleted' } as const;

/** A line of a watch. Throws the `KubeError` that the server sends in place of an event, or a SyntaxError. */
function eventOf<T extends KubeObject>(line: string): WatchEvent<T> {
  const { type, object } = JSON.parse(line) as {
    type: string;
    object: { code?: number; metadata?: { resourceVersion: string } };
  };
  if (type === 'ERROR') throw errorOf(object.code ?? 500, JSON.stringify(object));
  if (type === 'BOOKMARK') return { event: 'bookmark', resourceVersion: object.metadata?.resourceVersion ?? '' };
  return { event: kinds[type as keyof typeof kinds], object: lean(object) as T };
}

function brokenWatch(path: string, error: unknown): KubeError {
  const why = error instanceof Error ? error.message : String(error);
  return new KubeError(0, 'WatchBroken', `GET ${path.split('?')[0]}: the watch broke: ${why}`, { cause: error });
}

/** Who owns which field is half of an object's bytes, and nothing that we read. */
function lean(object: unknown): unknown {
  const { metadata } = object as { metadata?: { managedFields?: unknown } };
  if (metadata !== undefined) delete metadata.managedFields;
  return object;
}
