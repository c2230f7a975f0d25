// A cache of all objects of a kind that never stops for good: list, then watch, whatever the API server does meanwhile.

import type { OperatorParts } from '../parts.ts';
import type { KubeObject, ResourceKey, ResourceType } from './cluster.ts';

export type InformerParts = Pick<OperatorParts, 'cluster' | 'sources' | 'logger' | 'metrics' | 'clock' | 'jitter'>;

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
  readonly onChange: (object: T, change: 'added' | 'modified' | 'deleted') => void;
  /** Ends the informer. */
  readonly signal: AbortSignal;
}

/** Its objects are shared by all who read them: never change one. */
export interface Informer<T extends KubeObject> {
  get(key: ResourceKey): T | undefined;
  list(): readonly T[];
  /** Every object has been read once. */
  synced(): boolean;
  /** Resolves once that is so, however long it takes; rejects with the signal’s reason when that comes first. */
  untilSynced(): Promise<void>;
  /** When the last full list was asked for, by the clock’s monotonic time in ms; -Infinity before the first. */
  relisted(): number;
}

export function startInformer<T extends KubeObject>(_options: InformerOptions<T>): Informer<T> {
  throw new Error('not built yet');
}
