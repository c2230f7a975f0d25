// Keeps a cache in step with the API server: lists, watches from the listed version, and lists again when it must. Only its
// signal ends it.

import { latest, longAgo, type Monotonic } from '../../job/time.ts';
import { sleep } from '../../async/sleep.ts';
import { equalJitter } from '../../job/backoff.ts';
import { catalogue, GenwardenError } from '../../job/errors/index.ts';
import { logEvent, type EventLogger, type LogEvent } from '../../job/logEvents/index.ts';
import type { Clock } from '../../ports/clock.ts';
import {
  KubeError,
  type Cluster,
  type KubeObject,
  type ListRequest,
  type ResourceType,
  type WatchEvent,
} from '../../ports/kubernetes.ts';
import { keyOf, type ObjectCache } from './objectCache.ts';
import type { LabelledCounter } from './telemetry.ts';

type SourceEvent = Extract<
  LogEvent,
  | 'informer_failed'
  | 'watch_failed'
  | 'list_failed'
  | 'watch_missed_changes'
  | 'objects_ignored'
  | 'kubernetes_reachable'
  | 'kubernetes_unreachable'
>;

export interface InformerParts {
  readonly cluster: Pick<Cluster, 'list' | 'watch'>;
  /** A sentence for a person while a kind cannot be read; undefined once it can, and when its informer ends. */
  readonly reportProblem: (source: string, problem: string | undefined) => void;
  readonly logger: EventLogger;
  readonly metrics: {
    readonly relists: LabelledCounter<'type' | 'cause'>;
    readonly missedEvents: LabelledCounter<'type'>;
  };
  readonly clock: Pick<Clock, 'monotonic'>;
  /** In [0, 1). */
  readonly jitter: () => number;
}

/** All in ms. */
export interface InformerTimes {
  /** Between two lists beside the watch; jitter adds up to a fifth. */
  readonly relistMs: number;
  /** How long after such a list the watch may still deliver the same changes. */
  readonly settleMs: number;
  /** A watch that delivers nothing for this long is replaced: the API server sends a bookmark about once a minute. */
  readonly silenceMs: number;
  /** Doubles with each failure in a row, up to `maxBackoffMs`. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
}

export interface ReflectorOptions<T extends KubeObject> {
  readonly parts: InformerParts;
  readonly type: ResourceType;
  readonly request: ListRequest;
  readonly cache: ObjectCache<T>;
  readonly times: InformerTimes;
  readonly signal: AbortSignal;
  /** Called after the first list. */
  readonly onSynced: () => void;
}

const listCauses = ['start', 'period', 'expired', 'fault'] as const;
type ListCause = (typeof listCauses)[number];

/** After this many refusals in a row, a watch is not retried from the same version. */
const maxRefusals = 3;

export class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>;
  readonly #source: string;
  /** Failures in a row. */
  #failures = 0;
  #version = '';
  #listedAt = longAgo;
  /** The keys that the watch saw deleted while a periodic list is in progress. */
  #deletedMeanwhile: Set<string> | undefined;
  #watch = new AbortController();

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    const { plural, group } = options.type;
    const { missedEvents, relists } = options.parts.metrics;
    missedEvents.inc({ type: plural }, 0);
    for (const cause of listCauses) relists.inc({ type: plural, cause }, 0);
    const { namespace } = options.request;
    this.#source = `${group === '' ? plural : `${plural}.${group}`}${namespace === undefined ? '' : ` in ${namespace}`}`;
  }

  /** When the latest full list was requested, by the clock's monotonic time in ms. */
  get listedAt(): Monotonic {
    return this.#listedAt;
  }

  /** Never throws. */
  async run(): Promise<void> {
    const { signal, parts } = this.#options;
    const relists = this.#relistPeriodically();
    for (let cause: ListCause = 'start'; !signal.aborted;) {
      try {
        if (await this.#list(cause)) cause = await this.#watchUntilRelist();
      } catch (error) {
        // A bug; ending the loop would be worse.
        this.#log('informer_failed', { err: error }, 'An informer failed unexpectedly and starts again');
        await this.#backOff();
      }
    }
    await relists;
    parts.reportProblem(this.#source, undefined);
  }

  async #list(cause: ListCause): Promise<boolean> {
    const { parts, type, request, cache, onSynced } = this.#options;
    const requestedAt = parts.clock.monotonic();
    try {
      const { items, resourceVersion } = await parts.cluster.list<T>(type, request);
      cache.replace(this.#wellFormed(items), request.namespace);
      parts.metrics.relists.inc({ type: type.plural, cause });
      this.#version = resourceVersion;
      this.#listedAt = requestedAt;
      this.#succeeded();
      onSynced();
      return true;
    } catch (error) {
      await this.#failed('list', error);
      return false;
    }
  }

  /** Watches again and again from the last version; returns why only a new list can continue. */
  async #watchUntilRelist(): Promise<ListCause> {
    const { signal, times } = this.#options;
    let refusals = 0;
    while (!signal.aborted) {
      const startedAt = performance.now();
      try {
        await this.#watchOnce();
        refusals = 0;
        // Without this, a server that ends every watch immediately would be queried in a busy loop.
        if (performance.now() - startedAt < times.backoffMs) await sleep(times.backoffMs, signal);
      } catch (error) {
        const status = error instanceof KubeError ? error.status : undefined;
        if (status === 410) return this.#expired();
        if (status === undefined) this.#log('watch_failed', { err: error }, 'A watch failed unexpectedly');
        await this.#failed('watch', error);
        refusals = status === 0 ? 0 : refusals + 1;
        if (refusals >= maxRefusals || status === 404) return 'fault';
      }
    }
    return 'fault';
  }

  /** Lists immediately the first time and backs off after that: a server may reject every version as too old. */
  async #expired(): Promise<ListCause> {
    this.#failures += 1;
    if (this.#failures > 1) await this.#backOff();
    return 'expired';
  }

  async #watchOnce(): Promise<void> {
    const { parts, type, request, times, signal } = this.#options;
    this.#watch = new AbortController();
    const ended = AbortSignal.any([signal, this.#watch.signal]);
    const silence = setTimeout(() => this.#watch.abort(), times.silenceMs).unref();
    try {
      const from = { ...request, resourceVersion: this.#version };
      for await (const event of parts.cluster.watch<T>(type, from, ended)) {
        if (ended.aborted) return;
        silence.refresh();
        this.#handle(event);
        this.#succeeded();
      }
    } finally {
      clearTimeout(silence);
    }
  }

  #handle(event: WatchEvent<T>): void {
    if (event.event === 'bookmark') {
      this.#version = event.resourceVersion;
      return;
    }
    const { event: change, object } = event;
    if (!isWellFormed(object) || !changes.has(change)) throw new Error(`malformed watch event: ${excerptOf(event)}`);
    if (change === 'deleted') this.#deletedMeanwhile?.add(keyOf(object.metadata));
    else this.#deletedMeanwhile?.delete(keyOf(object.metadata));
    this.#version = object.metadata.resourceVersion;
    this.#options.cache.applyEvent(change, object);
  }

  /** Lists from time to time beside the watch, to find changes that the watch missed. */
  async #relistPeriodically(): Promise<void> {
    const { signal, times, parts } = this.#options;
    while (!signal.aborted) {
      await sleep(times.relistMs * (1 + parts.jitter() / 5), signal);
      if (signal.aborted || this.#listedAt === longAgo) continue;
      await this.#relist().catch((error: unknown) => {
        if (!signal.aborted) this.#log('list_failed', { err: error }, 'A periodic list failed');
      });
    }
  }

  async #relist(): Promise<void> {
    const { parts, type, request, cache, times, signal } = this.#options;
    const requestedAt = parts.clock.monotonic();
    const deleted = new Set<string>();
    this.#deletedMeanwhile = deleted;
    try {
      const { items, resourceVersion } = await parts.cluster.list<T>(type, request);
      // The watch may not have delivered the changes before the list yet.
      await sleep(times.settleMs, signal);
      if (signal.aborted) return;
      const missed = cache.replace(this.#wellFormed(items), request.namespace, { version: resourceVersion, deleted });
      parts.metrics.relists.inc({ type: type.plural, cause: 'period' });
      this.#listedAt = latest(this.#listedAt, requestedAt);
      if (missed > 0) this.#missedEvents(missed, resourceVersion);
    } finally {
      this.#deletedMeanwhile = undefined;
    }
  }

  #missedEvents(count: number, version: string): void {
    const { parts, type } = this.#options;
    parts.metrics.missedEvents.inc({ type: type.plural }, count);
    const message = 'A periodic list found changes that the watch missed; the watch starts again';
    this.#log('watch_missed_changes', { count }, message);
    this.#version = version;
    this.#watch.abort();
  }

  #wellFormed(items: readonly T[]): readonly T[] {
    const wellFormed = items.filter(isWellFormed);
    const count = items.length - wellFormed.length;
    if (count > 0) this.#log('objects_ignored', { count }, 'Ignored malformed objects in a list');
    return wellFormed;
  }

  #succeeded(): void {
    const { parts } = this.#options;
    if (this.#failures > 0) this.#log('kubernetes_reachable', {}, 'Reading from the API server again');
    this.#failures = 0;
    parts.reportProblem(this.#source, undefined);
  }

  async #failed(verb: 'list' | 'watch', error: unknown): Promise<void> {
    if (this.#options.signal.aborted) return;
    this.#failures += 1;
    // A single broken watch is normal and not worth a report.
    if (verb === 'list' || this.#failures > 1) this.#report(verb, error);
    await this.#backOff();
  }

  #report(verb: 'list' | 'watch', error: unknown): void {
    const { parts } = this.#options;
    const shown = error instanceof KubeError && error.status === 404 ? notInstalled(this.#source, error) : error;
    const why = shown instanceof Error ? shown.message : String(shown);
    const problem = shown instanceof GenwardenError ? why : `Cannot ${verb} ${this.#source}: ${why}`;
    parts.reportProblem(this.#source, problem);
    // At the first failure, then at each doubling.
    if (Math.log2(Math.max(1, this.#failures)) % 1 === 0)
      this.#log('kubernetes_unreachable', { err: shown, failures: this.#failures }, problem);
  }

  #log(event: SourceEvent, fields: { err?: unknown; count?: number; failures?: number }, message: string): void {
    logEvent(this.#options.parts.logger, event, { ...fields, source: this.#source }, message);
  }

  #backOff(): Promise<void> {
    const { times, parts, signal } = this.#options;
    const backoff = { first: times.backoffMs, cap: times.maxBackoffMs };
    return sleep(equalJitter(this.#failures + 1, backoff, parts.jitter()), signal);
  }
}

const changes: ReadonlySet<string> = new Set(['added', 'modified', 'deleted']);

function isWellFormed(object: Partial<KubeObject> | undefined): boolean {
  const { name, namespace, uid, resourceVersion }: Record<string, unknown> = { ...object?.metadata };
  return [name, namespace, uid, resourceVersion].every((text) => typeof text === 'string' && text !== '');
}

const excerptOf = (value: unknown): string => (JSON.stringify(value) ?? 'undefined').slice(0, 200);

function notInstalled(source: string, cause: KubeError): GenwardenError {
  const message = `The API server does not have the resource type ${source}. ${catalogue.CustomResourcesMissing.hint}`;
  return new GenwardenError('CustomResourcesMissing', message, { cause });
}
