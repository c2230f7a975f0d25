// What the operator remembers of a pool from one look to the next. Nothing here must survive a restart.

import { longAgo, type Monotonic } from '../../job/time.ts';
import type { Informer, ObjectMeta } from '../../ports/kubernetes.ts';
import type { WorkerDirectory } from '../../readmodel/workerDirectory.ts';
import type { ParsedTemplate } from './children/workerTemplate.ts';
import type { AttemptDurations } from './observe/attemptDuration.ts';
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
  /** The installation's, the same for all pools. */
  readonly template: ParsedTemplate;
}

export interface PoolState {
  readonly uid: string;
  recommendations: readonly PastRecommendation[];
  /** When the deletion cost of a pod was last written. */
  markedAt: Monotonic;
  keys: { readonly at: Monotonic; readonly of: string; readonly observed: ObservedKeys } | undefined;
  pause: { readonly at: Monotonic; readonly wanted: boolean; readonly paused: boolean } | undefined;
  /** The children as they were last applied. */
  applied: { readonly at: Monotonic; readonly text: string; readonly deployment: Deployment } | undefined;
  written: { readonly at: Monotonic; readonly status: WorkerPoolStatus } | undefined;
  /** The obstacle that an event reported of. */
  reported: string | undefined;
}

export class PoolStates {
  readonly #pools = new Map<string, PoolState>();

  /** That of this very resource: another of the same name starts anew. */
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
