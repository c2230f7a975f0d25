// In-memory state of the controller and of each pool between two reconciles. A restart loses it without harm.

import { longAgo, type Monotonic } from '../../job/time.ts';
import type { Informer, ObjectMeta } from '../../ports/kubernetes.ts';
import type { WorkerDirectory } from '../../readmodel/workerDirectory.ts';
import type { ParsedTemplate } from './children/workerTemplate.ts';
import type { AttemptDurations } from '../../readmodel/attemptDurations.ts';
import type { WorkerPool, WorkerPoolStatus } from '../resources/workerPool.ts';
import type { ObservedKeys } from './observe/keySecrets.ts';
import type { Deployment, Pod } from '../resources/builtInKinds.ts';
import type { PastRecommendation } from './decide/desiredReplicas.ts';

/** What the controller watches during one term of leadership. */
export interface Term {
  readonly pools: Informer<WorkerPool>;
  readonly deployments: Informer<Deployment>;
  readonly pods: Informer<Pod>;
  readonly workers: WorkerDirectory;
  readonly attemptDurations: AttemptDurations;
  readonly states: PoolStates;
  /** The installation's pod template, the same for all pools. */
  readonly template: ParsedTemplate;
}

export interface PoolState {
  readonly uid: string;
  recommendations: readonly PastRecommendation[];
  /** When a deletion cost was last written. */
  markedAt: Monotonic;
  keys: { readonly at: Monotonic; readonly of: string; readonly observed: ObservedKeys } | undefined;
  pause: { readonly at: Monotonic; readonly wanted: boolean; readonly paused: boolean } | undefined;
  /** The children that were last applied. */
  applied: { readonly at: Monotonic; readonly text: string; readonly deployment: Deployment } | undefined;
  written: { readonly at: Monotonic; readonly status: WorkerPoolStatus } | undefined;
  /** The message of the obstacle that the last event reported. */
  reported: string | undefined;
}

export class PoolStates {
  readonly #pools = new Map<string, PoolState>();

  /** Another resource of the same name gets a new state. */
  of({ name, uid }: Pick<ObjectMeta, 'name' | 'uid'>): PoolState {
    const known = this.#pools.get(name);
    if (known?.uid === uid) return known;
    const fresh: PoolState = {
      uid,
      recommendations: [],
      markedAt: longAgo,
      keys: undefined,
      pause: undefined,
      applied: undefined,
      written: undefined,
      reported: undefined,
    };
    this.#pools.set(name, fresh);
    return fresh;
  }

  forget(name: string): void {
    this.#pools.delete(name);
  }
}
