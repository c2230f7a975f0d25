// A fake cluster in memory, with the parts of a Kubernetes API server that the operator uses: versions, watches with a history
// that can be compacted, server-side apply by one field manager, a status subresource, deletion of dependents, and injected
// faults.
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
} from '../../src/ports/kubernetes.ts';
import { applied, ClusterObjects, typeOf, without, type Fields } from './clusterObjects.ts';
import { ClusterWatch, selects, type ClusterChange } from './clusterWatch.ts';

export type ClusterVerb =
  | 'get'
  | 'list'
  | 'watch'
  | 'create'
  | 'apply'
  | 'applyStatus'
  | 'mergeStatus'
  | 'annotate'
  | 'delete';

export interface ClusterCall {
  readonly verb: ClusterVerb;
  readonly plural: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  /** What was sent, if anything. */
  readonly body?: unknown;
}

/** An object as a test writes it; the fake adds what an API server sets. */
export interface WrittenObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: KubeObject['metadata']['ownerReferences'];
  };
  readonly [field: string]: unknown;
}

interface Fault {
  readonly error: KubeError;
  readonly matches: (call: ClusterCall) => boolean;
  times: number;
}

export class FakeCluster implements Cluster {
  /** Every call in order, including failed ones. */
  readonly calls: ClusterCall[] = [];
  /** The creation time of new objects, ISO 8601. */
  now: () => string = () => new Date().toISOString();
  readonly #objects = new ClusterObjects(
    () => this.now(),
    (change) => this.#publish(change),
  );
  readonly #history: ClusterChange[] = [];
  readonly #watches = new Set<ClusterWatch>();
  readonly #missing = new Set<string>();
  readonly #faults: Fault[] = [];
  #compactedTo = 0;
  #drop = 0;

  /** Creates or replaces an object, as a user or another controller would. The status of an existing object stays. */
  put<T extends KubeObject = KubeObject>(type: ResourceType, object: WrittenObject): T {
    const before = this.#objects.find(type, object.metadata);
    const { status, ...main } = object;
    const kept = before?.object.status ?? status;
    const body = { ...main, ...(kept === undefined ? {} : { status: kept }) };
    return this.#objects.store(type, body, before) as T;
  }

  /** Replaces the status, as another controller (such as that of Deployments) would. */
  setStatus(type: ResourceType, key: ResourceKey, status: unknown): KubeObject {
    const before = this.#objects.find(type, key);
    if (before === undefined) throw notFound(type, key.name);
    return this.#objects.store(type, { ...before.object, status }, before);
  }

  /** Reads an object without recording a call. */
  peek<T extends KubeObject = KubeObject>(type: ResourceType, key: ResourceKey): T | undefined {
    return this.#objects.find(type, key)?.object as T | undefined;
  }

  all<T extends KubeObject = KubeObject>(type: ResourceType): T[] {
    return this.#objects.all(type) as T[];
  }

  /** Deletes an object and its dependents, as a user would. */
  remove(type: ResourceType, key: ResourceKey): void {
    this.#objects.remove(type, key);
  }

  /** Makes the next matching calls fail with this error. */
  fail(
    error: KubeError,
    { times = 1, matches = () => true }: { times?: number; matches?: Fault['matches'] } = {},
  ): void {
    this.#faults.push({ error, matches, times });
  }

  /** Makes the API server unreachable until `back`: calls fail and watches break. */
  away(): void {
    const error = new KubeError(0, 'Unreachable', 'connect ECONNREFUSED');
    this.fail(error, { times: Infinity });
    this.endWatches(error);
  }

  back(): void {
    this.#faults.length = 0;
  }

  /** Ends the open watches, with an error if one is given. */
  endWatches(error?: KubeError): void {
    for (const watch of this.#watches) watch.end(error);
  }

  /** Withholds the next events from the open watches. */
  dropEvents(count: number): void {
    this.#drop = count;
  }

  /** Compacts the history: new watches from an older version get a 410; open watches continue. */
  compact(): void {
    this.#compactedTo = this.#objects.version;
  }

  /** Sends every watch a bookmark with the current version. */
  bookmark(): void {
    for (const watch of this.#watches)
      watch.deliver({ event: 'bookmark', resourceVersion: String(this.#objects.version) });
  }

  /** Sends every watch of the kind an event as it is, even a malformed one. */
  sendRaw(type: ResourceType, event: unknown): void {
    for (const watch of this.#watches)
      if (watch.type.plural === type.plural) watch.deliver(event as WatchEvent<KubeObject>);
  }

  /** Installs or uninstalls a kind. */
  install(type: ResourceType, installed: boolean): void {
    if (installed) this.#missing.delete(typeOf(type));
    else this.#missing.add(typeOf(type));
  }

  get openWatches(): number {
    return this.#watches.size;
  }

  async get<T extends KubeObject>(type: ResourceType, key: ResourceKey): Promise<T | undefined> {
    this.#call({ verb: 'get', plural: type.plural, ...key });
    return this.#objects.find(type, key)?.object as T | undefined;
  }

  async list<T extends KubeObject>(type: ResourceType, request: ListRequest): Promise<ObjectList<T>> {
    const { namespace } = request;
    this.#call({ verb: 'list', plural: type.plural, namespace, name: undefined });
    this.#requireInstalled(type);
    const items = this.all<T>(type).filter((object) => selects(request, object));
    return { items, resourceVersion: String(this.#objects.version) };
  }

  async *watch<T extends KubeObject>(
    type: ResourceType,
    request: ListRequest & { readonly resourceVersion: string },
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>> {
    this.#call({ verb: 'watch', plural: type.plural, namespace: request.namespace, name: undefined });
    this.#requireInstalled(type);
    const from = Number(request.resourceVersion);
    if (from < this.#compactedTo) throw expired();
    const watch = new ClusterWatch(type, request);
    for (const change of this.#history)
      if (Number(change.object.metadata.resourceVersion) > from) watch.publish(change);
    this.#watches.add(watch);
    try {
      yield* watch.events(signal) as AsyncIterable<WatchEvent<T>>;
    } finally {
      this.#watches.delete(watch);
    }
  }

  async create<T extends KubeObject>(type: ResourceType, object: ApplyConfiguration): Promise<T | undefined> {
    this.#call({ verb: 'create', plural: type.plural, ...keyIn(object), body: object });
    this.#requireInstalled(type);
    return this.#objects.find(type, object.metadata) === undefined ? this.put<T>(type, object) : undefined;
  }

  async apply<T extends KubeObject>(type: ResourceType, object: ApplyConfiguration): Promise<T> {
    this.#call({ verb: 'apply', plural: type.plural, ...keyIn(object), body: object });
    this.#requireInstalled(type);
    if (!/^[a-z0-9][a-z0-9.-]*$/.test(object.metadata.name)) throw invalid(type, object.metadata.name);
    const before = this.#objects.find(type, object.metadata);
    if (before !== undefined) checkPreconditions(object.metadata, before.object);
    const ours = without(object, ['status']);
    const next = applied((before?.object ?? {}) as unknown as Fields, before?.applied.main ?? {}, ours);
    const stored = this.#objects.store(type, next, before);
    this.#objects.find(type, object.metadata)!.applied.main = ours;
    return stored as T;
  }

  async applyStatus<T extends KubeObject>(type: ResourceType, object: ApplyConfiguration): Promise<T | undefined> {
    this.#call({ verb: 'applyStatus', plural: type.plural, ...keyIn(object), body: object });
    const before = this.#objects.find(type, object.metadata);
    if (before === undefined) return undefined;
    checkPreconditions(object.metadata, before.object);
    const ours: Fields = 'status' in object ? { status: object['status'] } : {};
    const next = applied(before.object as unknown as Fields, before.applied.status, ours);
    before.applied.status = ours;
    return this.#objects.store(type, next, before) as T;
  }

  async mergeStatus<T extends KubeObject>(
    type: ResourceType,
    { resourceVersion, ...key }: ResourceKey & { readonly resourceVersion: string },
    status: object,
  ): Promise<T | undefined> {
    this.#call({ verb: 'mergeStatus', plural: type.plural, ...key, body: status });
    const before = this.#objects.find(type, key);
    if (before === undefined) return undefined;
    checkPreconditions({ ...key, resourceVersion }, before.object);
    const merged = Object.entries({ ...(before.object.status as object | undefined), ...status });
    const kept = Object.fromEntries(merged.filter(([, value]) => value !== null));
    return this.#objects.store(type, { ...before.object, status: kept }, before) as T;
  }

  async annotate<T extends KubeObject>(
    type: ResourceType,
    key: ResourceKey,
    annotations: Readonly<Record<string, string | null>>,
  ): Promise<T | undefined> {
    this.#call({ verb: 'annotate', plural: type.plural, ...key, body: annotations });
    const before = this.#objects.find(type, key);
    if (before === undefined) return undefined;
    const merged = Object.entries({ ...before.object.metadata.annotations, ...annotations });
    const kept = Object.fromEntries(merged.filter(([, value]) => value !== null));
    const metadata = { ...before.object.metadata, annotations: kept };
    return this.#objects.store(type, { ...before.object, metadata }, before) as T;
  }

  async delete(type: ResourceType, key: ResourceKey, options: { readonly uid?: string } = {}): Promise<boolean> {
    this.#call({ verb: 'delete', plural: type.plural, ...key });
    const stored = this.#objects.find(type, key);
    if (stored === undefined || (options.uid !== undefined && options.uid !== stored.object.metadata.uid)) return false;
    this.remove(type, key);
    return true;
  }

  #call(call: ClusterCall): void {
    this.calls.push(call);
    const fault = this.#faults.find(({ times, matches }) => times > 0 && matches(call));
    if (fault === undefined) return;
    fault.times -= 1;
    throw fault.error;
  }

  #publish(change: ClusterChange): void {
    this.#history.push(change);
    if (this.#drop > 0) this.#drop -= 1;
    else for (const watch of this.#watches) watch.publish(change);
  }

  #requireInstalled(type: ResourceType): void {
    if (this.#missing.has(typeOf(type))) {
      throw new KubeError(404, 'NotFound', 'the server could not find the requested resource');
    }
  }
}

const expired = (): KubeError => new KubeError(410, 'Expired', 'too old resource version');
const notFound = (type: ResourceType, name: string): KubeError =>
  new KubeError(404, 'NotFound', `${type.plural} "${name}" not found`);
const invalid = (type: ResourceType, name: string): KubeError =>
  new KubeError(422, 'Invalid', `${type.kind} "${name}" is invalid: metadata.name: Invalid value: "${name}"`);
const keyIn = ({ metadata: { namespace, name } }: ApplyConfiguration): ResourceKey => ({ namespace, name });

/** Throws a 409 when the object's uid or version differs from the precondition. */
function checkPreconditions({ uid, resourceVersion }: ApplyConfiguration['metadata'], { metadata }: KubeObject): void {
  const differs = (expected: string | undefined, actual: string): boolean =>
    expected !== undefined && expected !== actual;
  if (differs(uid, metadata.uid) || differs(resourceVersion, metadata.resourceVersion)) {
    throw new KubeError(409, 'Conflict', 'the object has been modified');
  }
}
