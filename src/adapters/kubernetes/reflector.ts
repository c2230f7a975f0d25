// Keeps a cache like the API server has it: lists, watches from there on, and begins again where it must. Ends with its
// signal and for nothing else; client libraries' informers stop at the first unexpected error.

import { setTimeout as pause } from 'node:timers/promises';
import { catalogue, GenwardenError } from '../../job/errors/index.ts';
import type { OperatorParts } from '../../operator/parts.ts';
import { KubeError, type KubeObject, type ListRequest, type ResourceType, type WatchEvent } from './cluster.ts';
import { keyOf, type ObjectCache } from './objectCache.ts';

export type InformerParts = Pick<OperatorParts, 'cluster' | 'sources' | 'logger' | 'metrics' | 'clock' | 'jitter'>;

/** All in ms. */
export interface InformerTimes {
  /** Between two lists beside the watch, plus up to a fifth. */
  readonly relistMs: number;
  /** How long after such a list the watch may take to tell the same. */
  readonly settleMs: number;
  /** A watch that says nothing for so long is replaced: bookmarks come about once a minute. */
  readonly silenceMs: number;
  /** After the first failure; doubles up to `mostBackoffMs`. */
  readonly backoffMs: number;
  readonly mostBackoffMs: number;
}

export interface ReflectorOptions<T extends KubeObject> {
  readonly parts: InformerParts;
  readonly type: ResourceType;
  readonly request: ListRequest;
  readonly cache: ObjectCache<T>;
  readonly times: InformerTimes;
  readonly signal: AbortSignal;
  /** The first list is there. */
  readonly onSynced: () => void;
}

type Cause = 'start' | 'period' | 'expired' | 'fault';

/** Refused this often in a row, a watch is not asked for again from the same version. */
const mostRefusals = 3;

export class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>;
  readonly #source: string;
  /** Failures in a row. */
  #failures = 0;
  #version = '';
  #relisted = -Infinity;
  /** The keys that the watch saw go while a list was under way. */
  #goneMeanwhile: Set<string> | undefined;
  #watch = new AbortController();

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    const { plural, group } = options.type;
    const { namespace } = options.request;
    this.#source = `${group === '' ? plural : `${plural}.${group}`}${namespace === undefined ? '' : ` in ${namespace}`}`;
  }

  /** By the clock's monotonic time, ms. */
  get relisted(): number {
    return this.#relisted;
  }

  /** Never throws. */
  async run(): Promise<void> {
    const { signal, parts } = this.#options;
    const audits = this.#auditForEver();
    for (let cause: Cause = 'start'; !signal.aborted;) {
      try {
        if (await this.#list(cause)) cause = await this.#watchOn();
      } catch (error) {
        // A bug, but a loop that ends would be worse.
        parts.logger.error({ err: error, source: this.#source }, 'An informer stumbled; it begins again');
        await this.#backOff();
      }
    }
    await audits;
    parts.sources.forget(this.#source);
  }

  async #list(cause: Cause): Promise<boolean> {
    const { parts, type, request, cache, onSynced } = this.#options;
    const asked = parts.clock.monotonic();
    try {
      const { items, resourceVersion } = await parts.cluster.list<T>(type, request);
      const known = this.#wellFormed(items);
      cache.replace(known, request.namespace);
      parts.metrics.relists.inc({ type: type.plural, cause });
      this.#version = resourceVersion;
      this.#relisted = asked;
      this.#fine();
      onSynced();
      return true;
    } catch (error) {
      await this.#failed('list', error);
      return false;
    }
  }

  /** Watches again and again from the last version; returns why that is no longer possible. */
  async #watchOn(): Promise<Cause> {
    const { signal, times } = this.#options;
    let refusals = 0;
    while (!signal.aborted) {
      const began = performance.now();
      try {
        await this.#watchOnce();
        refusals = 0;
        // A server that ends every watch at once is not asked at full speed.
        if (performance.now() - began < times.backoffMs) await this.#sleep(times.backoffMs);
      } catch (error) {
        const status = error instanceof KubeError ? error.status : undefined;
        if (status === 410) return this.#expired();
        if (status === undefined)
          this.#options.parts.logger.warn({ err: error, source: this.#source }, 'A watch was cut short');
        await this.#failed('watch', error);
        refusals = status === 0 ? 0 : refusals + 1;
        if (refusals >= mostRefusals || status === 404) return 'fault';
      }
    }
    return 'fault';
  }

  /** At once the first time, later with a pause: a server may find each version too old. */
  async #expired(): Promise<Cause> {
    this.#failures += 1;
    if (this.#failures > 1) await this.#backOff();
    return 'expired';
  }

  async #watchOnce(): Promise<void> {
    const { parts, type, request, times, signal } = this.#options;
    this.#watch = new AbortController();
    const over = AbortSignal.any([signal, this.#watch.signal]);
    const silence = setTimeout(() => this.#watch.abort(), times.silenceMs).unref();
    try {
      const from = { ...request, resourceVersion: this.#version };
      for await (const event of parts.cluster.watch<T>(type, from, over)) {
        if (over.aborted) return;
        silence.refresh();
        this.#hear(event);
        this.#fine();
      }
    } finally {
      clearTimeout(silence);
    }
  }

  #hear(event: WatchEvent<T>): void {
    const { cache } = this.#options;
    if (event.event === 'bookmark') {
      this.#version = event.resourceVersion;
      return;
    }
    const { event: change, object } = event;
    if (!isWellFormed(object) || !changes.has(change)) throw new Error(`a malformed event of a watch: ${shown(event)}`);
    if (change === 'deleted') this.#goneMeanwhile?.add(keyOf(object.metadata));
    else this.#goneMeanwhile?.delete(keyOf(object.metadata));
    this.#version = object.metadata.resourceVersion;
    cache.hear(change, object);
  }

  /** Lists from time to time beside the watch, and finds what it did not tell of. */
  async #auditForEver(): Promise<void> {
    const { signal, times, parts } = this.#options;
    while (!signal.aborted) {
      await this.#sleep(times.relistMs * (1 + parts.jitter() / 5));
      if (signal.aborted || this.#relisted === -Infinity) continue;
      await this.#audit().catch((error: unknown) => {
        if (!signal.aborted) parts.logger.warn({ err: error, source: this.#source }, 'A periodic list failed');
      });
    }
  }

  async #audit(): Promise<void> {
    const { parts, type, request, cache, times, signal } = this.#options;
    const asked = parts.clock.monotonic();
    const gone = new Set<string>();
    this.#goneMeanwhile = gone;
    try {
      const { items, resourceVersion } = await parts.cluster.list<T>(type, request);
      // What happened before the list may still be on its way to the watch.
      await this.#sleep(times.settleMs);
      if (signal.aborted) return;
      const missed = cache.replace(this.#wellFormed(items), request.namespace, { version: resourceVersion, gone });
      parts.metrics.relists.inc({ type: type.plural, cause: 'period' });
      this.#relisted = Math.max(this.#relisted, asked);
      if (missed > 0) this.#missed(missed, resourceVersion);
    } finally {
      this.#goneMeanwhile = undefined;
    }
  }

  #missed(count: number, version: string): void {
    const { parts, type } = this.#options;
    parts.metrics.missedEvents.inc({ type: type.plural }, count);
    parts.logger.warn(
      { source: this.#source, count },
      'A watch did not tell of changes that a list found; it begins anew',
    );
    this.#version = version;
    this.#watch.abort();
  }

  #wellFormed(items: readonly T[]): readonly T[] {
    const good = items.filter(isWellFormed);
    if (good.length < items.length) {
      const { logger } = this.#options.parts;
      logger.warn(
        { source: this.#source, count: items.length - good.length },
        'Malformed objects in a list are left out',
      );
    }
    return good;
  }

  #fine(): void {
    if (this.#failures > 0)
      this.#options.parts.logger.info({ source: this.#source }, 'Reads from the API server again');
    this.#failures = 0;
    this.#options.parts.sources.report(this.#source, undefined);
  }

  async #failed(what: 'list' | 'watch', error: unknown): Promise<void> {
    if (this.#options.signal.aborted) return;
    this.#failures += 1;
    // One broken watch is everyday.
    if (what === 'list' || this.#failures > 1) this.#say(what, error);
    await this.#backOff();
  }

  #say(what: 'list' | 'watch', error: unknown): void {
    const { parts, signal } = this.#options;
    if (signal.aborted) return;
    const told = error instanceof KubeError && error.status === 404 ? missing(this.#source, error) : error;
    const why = told instanceof Error ? told.message : String(told);
    const problem = told instanceof GenwardenError ? why : `The operator cannot ${what} ${this.#source}: ${why}`;
    parts.sources.report(this.#source, problem);
    // At the first failure, then at each doubling.
    if (Math.log2(Math.max(1, this.#failures)) % 1 === 0)
      parts.logger.warn({ err: told, source: this.#source, failures: this.#failures }, problem);
  }

  #backOff(): Promise<void> {
    const { times, parts } = this.#options;
    const longest = Math.min(times.mostBackoffMs, times.backoffMs * 2 ** Math.min(20, this.#failures));
    return this.#sleep(longest * (0.5 + parts.jitter() / 2));
  }

  async #sleep(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.#options.signal }).catch(() => undefined);
  }
}

const changes: ReadonlySet<string> = new Set(['added', 'modified', 'deleted']);

function isWellFormed(object: Partial<KubeObject> | undefined): boolean {
  const { name, namespace, uid, resourceVersion }: Record<string, unknown> = { ...object?.metadata };
  return [name, namespace, uid, resourceVersion].every((text) => typeof text === 'string' && text !== '');
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'undefined').slice(0, 200);

function missing(source: string, cause: KubeError): GenwardenError {
  const message = `The API server does not know ${source}. ${catalogue.CustomResourcesMissing.hint}`;
  return new GenwardenError('CustomResourcesMissing', message, { cause });
}
