// In-memory state of each resource between two reconciles. A restart loses it without harm.

import { type Monotonic } from '../../job/time.ts';
import type { GenerationJob } from '../resources/generationJob.ts';
import type { WriteHistory } from './decide/schedule.ts';
import type { Hold } from './suspend.ts';

export interface ReconcileState {
  writes: WriteHistory | undefined;
  /** The result of our last write and the versions that our writes replaced: a cache with one of those is behind. */
  written: { readonly over: ReadonlySet<string>; readonly object: GenerationJob } | undefined;
  /** Since when the submit has had no answer. */
  unansweredSince: Monotonic | undefined;
  /** When the terminal status is rechecked against the stream, once; `never` afterwards. */
  recheckAt: Monotonic | undefined;
  /** An event said that another installation runs it. */
  leftAlone: boolean;
  /** The stream contains the job's tombstone. */
  jobDeleted: boolean;
  /** Why its Workload could not be created. */
  queueProblem: Hold | undefined;
  /** It shows the run of an earlier resource, whose tombstone was cleared. */
  runForgotten: boolean;
}

export class ReconcileStates {
  readonly #states = new Map<string, ReconcileState>();

  of(uid: string): ReconcileState {
    const known = this.#states.get(uid);
    if (known !== undefined) return known;
    const fresh: ReconcileState = {
      writes: undefined,
      written: undefined,
      unansweredSince: undefined,
      recheckAt: undefined,
      leftAlone: false,
      jobDeleted: false,
      queueProblem: undefined,
      runForgotten: false,
    };
    this.#states.set(uid, fresh);
    return fresh;
  }

  forget(uid: string): void {
    this.#states.delete(uid);
  }
}
