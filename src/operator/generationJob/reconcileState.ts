// What the operator remembers of each resource between two looks. All of it may be forgotten: a restart does.

import type { GenerationJob } from '../resources/generationJob.ts';
import type { Pace } from './decide/schedule.ts';

export interface Memory {
  /** Of our writes. */
  pace: Pace | undefined;
  /** What our last write left, and the versions that it and those before wrote over: a cache that has one of them is behind. */
  written: { readonly over: ReadonlySet<string>; readonly object: GenerationJob } | undefined;
  /** Monotonic ms since when the submit gets no answer. */
  unansweredSince: number | undefined;
  /** Monotonic ms at which the end that the status tells of is compared with the stream, once; Infinity when it was. */
  compareAt: number | undefined;
  /** The job's tombstone was seen. */
  jobDeleted: boolean;
}

export class Memories {
  readonly #memories = new Map<string, Memory>();

  of(uid: string): Memory {
    const known = this.#memories.get(uid);
    if (known !== undefined) return known;
    const fresh: Memory = {
      pace: undefined,
      written: undefined,
      unansweredSince: undefined,
      compareAt: undefined,
      jobDeleted: false,
    };
    this.#memories.set(uid, fresh);
    return fresh;
  }

  forget(uid: string): void {
    this.#memories.delete(uid);
  }
}
