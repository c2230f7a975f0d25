// Informers: caches that follow all objects of a kind. client-node's informers are not used because they stop for good at the
// first unexpected error and have neither bookmarks nor periodic relists.

import { earliest, longAgo, type Monotonic } from '../../job/time.ts';
import { logEvent } from '../../job/logEvents/index.ts';
import { untilAborted } from '../../async/abort.ts';
import type { Informer, InformerOptions, KubeObject, StartInformer } from '../../ports/kubernetes.ts';
import { ObjectCache } from './objectCache.ts';
import { Reflector, type InformerParts, type InformerTimes } from './reflector.ts';

const defaultTimes: InformerTimes = {
  relistMs: 600_000,
  settleMs: 2_000,
  silenceMs: 90_000,
  backoffMs: 250,
  maxBackoffMs: 5_000,
};

/** `times` is for tests. */
export function informerFactory(parts: InformerParts, times: Partial<InformerTimes> = {}): StartInformer {
  return (options) => startInformer(options, parts, { ...defaultTimes, ...times });
}

function startInformer<T extends KubeObject>(
  { type, namespaces, labelSelector, onChange, signal }: InformerOptions<T>,
  parts: InformerParts,
  times: InformerTimes,
): Informer<T> {
  const cache = new ObjectCache<T>((object, change) => {
    try {
      onChange(object, change);
    } catch (error) {
      const about = { err: error, type: type.plural };
      logEvent(parts.logger, 'change_handler_failed', about, 'A change handler of an informer failed');
    }
  });
  const selector = labelSelector === undefined ? {} : { labelSelector };
  const scopes = namespaces.length === 0 ? [{}] : [...new Set(namespaces)].map((namespace) => ({ namespace }));
  const firstLists: Promise<void>[] = [];
  const reflectors = scopes.map((scope) => {
    const { promise, resolve: onSynced } = Promise.withResolvers<void>();
    firstLists.push(promise);
    const request = { ...scope, ...selector };
    const reflector = new Reflector({ parts, type, request, cache, times, signal, onSynced });
    void reflector.run();
    return reflector;
  });
  const synced = Promise.all(firstLists).then(() => undefined);
  const listedAt = (): Monotonic => reflectors.map((reflector) => reflector.listedAt).reduce(earliest);
  return {
    get: (key) => cache.get(key),
    list: () => cache.list(),
    synced: () => listedAt() > longAgo,
    untilSynced: () => untilAborted(synced, signal),
    listedAt,
  };
}
