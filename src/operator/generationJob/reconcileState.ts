// What the operator remembers of each resource between two looks. All of it may be forgotten: a restart does.

import { type Monotonic } from '../../job/time.ts';
import type { GenerationJob } from '../resources/generationJob.ts';
import type { WriteHistory } from './decide/schedule.ts';

export interface ReconcileState {
  /** Of our writes. */
  writes: WriteHistory | undefined;
  /** What our last write left, and the versions that it and those before wrote over: a cache that has one of them is behind. */
  written: { readonly over: ReadonlySet<string>; readonly object: GenerationJob } | undefined;
  /** Since when the submit gets no answer. */
  unansweredSince: Monotonic | undefined;
  /** When the end that the status tells of is compared with the stream, once; `never` when it was. */
  recheckAt: Monotonic | undefined;
  /** The job's tombstone was seen. */
  jobDeleted: boolean;
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
      jobDeleted: false,
    };
    this.#states.set(uid, fresh);
    return fresh;
  }

  forget(uid: string): void {
    this.#states.delete(uid);
  }
}
