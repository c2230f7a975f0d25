// A controller of the operator: what it listens to, and the one step that brings an object and the world in line.

import type { ResourceKey } from '../../ports/kubernetes.ts';

/** Asks for a look at an object, at once or `afterMs` from now; the earliest of several counts. */
export type Enqueue = (key: ResourceKey, afterMs?: number) => void;

export interface Controller {
  /** Names its queue and its metrics. */
  readonly name: string;
  /**
   * Begins to listen and returns once every source has been read; all ends with the signal. Sources only enqueue keys.
   * Throws where the sources cannot be read at all (`KubeError` 404: the custom resources are not installed).
   */
  start(enqueue: Enqueue, signal: AbortSignal): Promise<void>;
  /**
   * Looks at the object as it is now and acts; safe to repeat at any time. Throws to be called again with backoff;
   * answers when to look again, ms, where something is due.
   */
  reconcile(key: ResourceKey, signal: AbortSignal): Promise<{ readonly requeueAfterMs?: number } | undefined>;
}
