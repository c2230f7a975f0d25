// A Kubernetes API server in memory, as far as the operator uses one: versions, watches with a history that can be
// compacted, server-side apply by one manager, status apart, deletion of what is owned; and its faults at a word.
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
import { applied, without, type Fields } from './clusterApply.ts';
import { ClusterObjects, typeOf } from './clusterObjects.ts';
import { ClusterWatch, selects, type Happened } from './clusterWatch.ts';

export type ClusterVerb = 'get' | 'list' | 'watch' | 'apply' | 'applyStatus' | 'annotate' | 'delete';

export interface ClusterCall {
  readonly verb: ClusterVerb;
  readonly plural: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  /** What was sent, where something was. */
  readonly body?: unknown;
}

/** What a test says of an object; the rest is the API server's to say. */
export interface Arranged {
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
  /** Every call in order, those that failed too. */
  readonly calls: ClusterCall[] = [];
  /** ISO 8601 of new objects. */
  now: () => string = () => new Date().toISOString();
  readonly #objects = new ClusterObjects(
    () => this.now(),
    (happened) => this.#happened(happened),
  );
  readonly #history: Happened[] = [];
  readonly #watches = new Set<ClusterWatch>();
  readonly #missing = new Set<string>();
  readonly #faults: Fault[] = [];
  #compactedTo = 0;
  #drop = 0;

  /** Creates the object or replaces all of it but its status (which only counts for a new one), as a user or another controller would. */
  put<T extends KubeObject = KubeObject>(type: ResourceType, object: Arranged): T {
    const before = this.#objects.find(type, object.metadata);
    const { status, ...main } = object;
    const kept = before?.object.status ?? status;
    const body = { ...main, ...(kept === undefined ? {} : { status: kept }) };
    return this.#objects.store(type, body, before) as T;
  }

  /** Replaces the status, as another controller (of Deployments, say) would. */
  setStatus(type: ResourceType, key: ResourceKey, status: unknown): KubeObject {
    const before = this.#objects.find(type, key);
    if (before === undefined) throw notFound(type, key.name);
    return this.#objects.store(type, { ...before.object, status }, before);
  }

  /** What is there, without a call. */
  peek<T extends KubeObject = KubeObject>(type: ResourceType, key: ResourceKey): T | undefined {
    return this.#objects.find(type, key)?.object as T | undefined;
  }

  all<T extends KubeObject = KubeObject>(type: ResourceType): T[] {
    return this.#objects.all(type) as T[];
  }

  /** Deletes as a user would, with all that it owns. */
  remove(type: ResourceType, key: ResourceKey): void {
    this.#objects.remove(type, key);
  }

  /** The next calls that match fail so. */
  fail(
    error: KubeError,
    { times = 1, matches = () => true }: { times?: number; matches?: Fault['matches'] } = {},
  ): void {
    this.#faults.push({ error, matches, times });
  }

  /** All calls fail as if nobody listened, and watches break, until it is `back`. */
  away(): void {
    const error = new KubeError(0, 'Unreachable', 'connect ECONNREFUSED');
    this.fail(error, { times: Infinity });
    this.endWatches(error);
  }

  back(): void {
    this.#faults.length = 0;
  }

  /** Watches end, orderly or by an error. */
  endWatches(error?: KubeError): void {
    for (const watch of this.#watches) watch.end(error);
  }

  /** The next events reach no watch that is open. */
  dropEvents(count: number): void {
    this.#drop = count;
  }

  /** Forgets all history: a new watch from an older version is refused with 410; open ones go on. */
  compact(): void {
    this.#compactedTo = this.#objects.version;
  }

  /** Tells every watch that nothing happened up to now. */
  bookmark(): void {
    for (const watch of this.#watches)
      watch.tell({ event: 'bookmark', resourceVersion: String(this.#objects.version) });
  }

  /** Sends every watch of the kind something as it is, however malformed. */
  sendRaw(type: ResourceType, event: unknown): void {
    for (const watch of this.#watches)
      if (watch.type.plural === type.plural) watch.tell(event as WatchEvent<KubeObject>);
  }

  /** The kind is not installed, or is again. */
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
    this.#mustExist(type);
    const items = this.all<T>(type).filter((object) => selects(request, object));
    return { items, resourceVersion: String(this.#objects.version) };
  }

  async *watch<T extends KubeObject>(
    type: ResourceType,
    request: ListRequest & { readonly resourceVersion: string },
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>> {
    this.#call({ verb: 'watch', plural: type.plural, namespace: request.namespace, name: undefined });
    this.#mustExist(type);
    const from = Number(request.resourceVersion);
    if (from < this.#compactedTo) throw expired();
    const watch = new ClusterWatch(type, request);
    for (const happened of this.#history)
      if (Number(happened.object.metadata.resourceVersion) > from) watch.hear(happened);
    this.#watches.add(watch);
    try {
      yield* watch.events(signal) as AsyncIterable<WatchEvent<T>>;
    } finally {
      this.#watches.delete(watch);
    }
  }

  async apply<T extends KubeObject>(type: ResourceType, object: ApplyConfiguration): Promise<T> {
    this.#call({ verb: 'apply', plural: type.plural, ...keyIn(object), body: object });
    this.#mustExist(type);
    if (!/^[a-z0-9][a-z0-9.-]*$/.test(object.metadata.name)) throw invalid(type, object.metadata.name);
    const before = this.#objects.find(type, object.metadata);
    const ours = without(object, ['status']);
    const next = applied((before?.object ?? {}) as unknown as Fields, before?.ours.main ?? {}, ours);
    const stored = this.#objects.store(type, next, before);
    this.#objects.find(type, object.metadata)!.ours.main = ours;
    return stored as T;
  }

  async applyStatus<T extends KubeObject>(type: ResourceType, object: ApplyConfiguration): Promise<T | undefined> {
    this.#call({ verb: 'applyStatus', plural: type.plural, ...keyIn(object), body: object });
    const before = this.#objects.find(type, object.metadata);
    if (before === undefined) return undefined;
    refuseAnother(object.metadata, before.object);
    const ours: Fields = 'status' in object ? { status: object['status'] } : {};
    const next = applied(before.object as unknown as Fields, before.ours.status, ours);
    before.ours.status = ours;
    return this.#objects.store(type, next, before) as T;
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
    const kept = this.#objects.find(type, key);
    if (kept === undefined || (options.uid !== undefined && options.uid !== kept.object.metadata.uid)) return false;
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

  #happened(happened: Happened): void {
    this.#history.push(happened);
    if (this.#drop > 0) this.#drop -= 1;
    else for (const watch of this.#watches) watch.hear(happened);
  }

  #mustExist(type: ResourceType): void {
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

/** An apply that names a uid or a version is of that very object. */
function refuseAnother({ uid, resourceVersion }: ApplyConfiguration['metadata'], { metadata }: KubeObject): void {
  const isAnother = (asked: string | undefined, is: string): boolean => asked !== undefined && asked !== is;
  if (isAnother(uid, metadata.uid) || isAnother(resourceVersion, metadata.resourceVersion)) {
    throw new KubeError(409, 'Conflict', 'the object has been modified');
  }
}
