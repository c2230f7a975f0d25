// What the operator remembers of a pool from one look to the next. Nothing here must survive a restart.

import type { Informer, ObjectMeta } from '../../ports/kubernetes.ts';
import type { WorkerDirectory } from '../../readmodel/workerDirectory.ts';
import type { ParsedTemplate } from './children/workerTemplate.ts';
import type { AttemptPace } from './observe/attemptDuration.ts';
import type { WorkerPool, WorkerPoolStatus } from '../resources/workerPool.ts';
import type { KeysSeen } from './observe/keySecrets.ts';
import type { Deployment, Pod } from '../resources/builtInKinds.ts';
import type { Wished } from './decide/desiredReplicas.ts';

/** What the controller watches during one term of leadership. */
export interface Term {
  readonly pools: Informer<WorkerPool>;
  readonly deployments: Informer<Deployment>;
  readonly pods: Informer<Pod>;
  readonly workers: WorkerDirectory;
  readonly pace: AttemptPace;
  readonly memories: PoolMemories;
  /** The installation's, the same for all pools. */
  readonly template: ParsedTemplate;
}

/** Times are monotonic, ms. */
export interface PoolMemory {
  readonly uid: string;
  wishes: readonly Wished[];
  /** When the deletion cost of a pod was last written. */
  markedAt: number;
  keys: { readonly at: number; readonly of: string; readonly seen: KeysSeen } | undefined;
  pause: { readonly at: number; readonly wanted: boolean; readonly paused: boolean } | undefined;
  /** The children as they were last applied. */
  applied: { readonly at: number; readonly text: string; readonly deployment: Deployment } | undefined;
  written: { readonly at: number; readonly status: WorkerPoolStatus } | undefined;
  /** The obstacle that an event told of. */
  told: string | undefined;
}

export class PoolMemories {
  readonly #pools = new Map<string, PoolMemory>();

  /** That of this very resource: another of the same name starts anew. */
  of({ name, uid }: Pick<ObjectMeta, 'name' | 'uid'>): PoolMemory {
    const known = this.#pools.get(name);
    if (known?.uid === uid) return known;
    const fresh: PoolMemory = {
      uid,
      wishes: [],
      markedAt: -Infinity,
      keys: undefined,
      pause: undefined,
      applied: undefined,
      written: undefined,
      told: undefined,
    };
    this.#pools.set(name, fresh);
    return fresh;
  }

  forget(name: string): void {
    this.#pools.delete(name);
  }
}
