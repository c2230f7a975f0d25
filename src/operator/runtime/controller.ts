// The interface of a controller: what it watches, and the reconcile of one object.

import type { ResourceKey } from '../../ports/kubernetes.ts';

/** Requests a reconcile of an object, immediately or `afterMs` from now. The earliest of several times wins. */
export type Enqueue = (key: ResourceKey, afterMs?: number) => void;

export interface Controller {
  /** The label of its metrics and logs. */
  readonly name: string;
  /**
   * Starts to watch, and resolves once every source has been read. Sources only enqueue keys. Everything ends with the signal.
   * Throws if the sources cannot be read (`KubeError` 404: the custom resources are not installed).
   */
  start(enqueue: Enqueue, signal: AbortSignal): Promise<void>;
  /**
   * Level-driven and idempotent: acts on the current state of the object. An exception causes a retry with backoff;
   * `requeueAfterMs` causes another reconcile after that time.
   */
  reconcile(key: ResourceKey, signal: AbortSignal): Promise<{ readonly requeueAfterMs?: number } | undefined>;
}
