// A cache of all objects of a kind that never stops for good: list, then watch, whatever the API server does meanwhile.

import type { KubeObject, ResourceKey, ResourceType } from './cluster.ts';
import { ObjectCache, type Change } from './objectCache.ts';
import { Reflector, type InformerParts, type InformerTimes } from './reflector.ts';

export interface InformerOptions<T extends KubeObject> {
  readonly parts: InformerParts;
  readonly type: ResourceType;
  /** Empty: all namespaces. */
  readonly namespaces: readonly string[];
  readonly labelSelector?: string;
  /**
   * Called for each object that is new, changed or gone (then with its last state), once the cache has it; must only
   * enqueue keys. After a relist also for those whose events the watch has missed. One that throws is logged.
   */
  readonly onChange: (object: T, change: Change) => void;
  /** Ends the informer. */
  readonly signal: AbortSignal;
  /** For tests. */
  readonly times?: Partial<InformerTimes>;
}

const defaultTimes: InformerTimes = {
  relistMs: 600_000,
  settleMs: 2_000,
  silenceMs: 90_000,
  backoffMs: 250,
  mostBackoffMs: 5_000,
};

/** Its objects are shared by all who read them: never change one. */
export interface Informer<T extends KubeObject> {
  get(key: ResourceKey): T | undefined;
  list(): readonly T[];
  /** Every object has been read once. */
  synced(): boolean;
  /** Resolves once that is so, however long it takes; rejects with the signal's reason when that comes first. */
  untilSynced(): Promise<void>;
  /** When the last full list was asked for, by the clock's monotonic time in ms; -Infinity before the first. */
  relisted(): number;
}

export function startInformer<T extends KubeObject>(options: InformerOptions<T>): Informer<T> {
  const { type, signal, parts, namespaces, labelSelector } = options;
  const cache = new ObjectCache<T>((object, change) => {
    try {
      options.onChange(object, change);
    } catch (error) {
      parts.logger.error({ err: error, type: type.plural }, 'A listener of an informer failed');
    }
  });
  const times = { ...defaultTimes, ...options.times };
  const selected = labelSelector === undefined ? {} : { labelSelector };
  const places = namespaces.length === 0 ? [{}] : [...new Set(namespaces)].map((namespace) => ({ namespace }));
  const firstLists: Promise<void>[] = [];
  const reflectors = places.map((place) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    firstLists.push(promise);
    const reflector = new Reflector({
      parts,
      type,
      request: { ...place, ...selected },
      cache,
      times,
      signal,
      onSynced: resolve,
    });
    void reflector.run();
    return reflector;
  });
  const all = Promise.all(firstLists);
  const relisted = (): number => Math.min(...reflectors.map((reflector) => reflector.relisted));
  return {
    get: (key) => cache.get(key),
    list: () => cache.list(),
    synced: () => relisted() > -Infinity,
    untilSynced: () => unlessAborted(all, signal),
    relisted,
  };
}

async function unlessAborted(awaited: Promise<unknown>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([awaited, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
