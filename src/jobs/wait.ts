// Holds a request until a job has changed, has finished or only waits for a reviewer, the wait has timed out, or the client has disconnected.

import type { JobId } from '../job/ids.ts';
import { awaitsReview } from '../job/jobState.ts';
import { isOpen, type Sequence } from '../job/task.ts';
import type { JobRecord } from '../ports/jobLog.ts';
import type { Follower } from '../readmodel/follower.ts';

/** The facts that a waiting request compares, without reading the job. */
export interface JobVersion {
  /** Of the job's last message. */
  readonly sequence: Sequence;
  /**
   * The sum of the last sequences of its tasks, which grows with every message. `sequence` may not: the tasks of a record are read at
   * different moments, so that one of them may have a message that is missing there, and is older than the record's last one.
   */
  readonly revision: number;
  /** The job has not finished. */
  readonly open: boolean;
  /** The job has finished, or waits for nothing but a reviewer. */
  readonly settled: boolean;
}

export function versionOf(record: JobRecord): JobVersion {
  const states = record.tasks.map(({ last }) => last.state);
  const open = states.some(isOpen);
  const sequences = record.tasks.map(({ last }) => last.sequence);
  return { ...revisionOf(sequences), open, settled: !open || awaitsReview(states) };
}

const revisionOf = (sequences: readonly Sequence[]): Pick<JobVersion, 'sequence' | 'revision'> => ({
  sequence: Math.max(0, ...sequences),
  revision: sequences.reduce((sum, each) => sum + each, 0),
});

interface WaitContext {
  readonly watch: JobWatch;
  readonly follower: Pick<Follower, 'index'>;
}

/** Resolves when `enough` holds, after `waitMs`, or when the signal aborts. The caller reads the job then. */
export async function waitForJob(
  { watch, follower }: WaitContext,
  record: JobRecord,
  enough: (version: JobVersion) => boolean,
  waitMs: number,
  signal: AbortSignal,
): Promise<void> {
  const end = AbortSignal.any([signal, AbortSignal.timeout(waitMs)]);
  const changes = watch.listen(record.job, end);
  try {
    let version = newer(versionOf(record), indexedVersion(follower, record.job));
    while (!end.aborted && !enough(version) && (await changes.next())) {
      const indexed = indexedVersion(follower, record.job);
      // The job left the index: it was deleted, or it finished and was evicted immediately.
      if (indexed === undefined) return;
      version = newer(version, indexed);
    }
  } finally {
    changes.stop();
  }
}

/** The index holds every open task, so a job in it is open exactly if one of its tasks there is. */
function indexedVersion({ index }: Pick<Follower, 'index'>, job: JobId): JobVersion | undefined {
  const indexed = index.job(job);
  if (indexed === undefined) return undefined;
  const sequences = indexed.tasks.map((task) => task?.sequence ?? 0);
  const open = indexed.openTasks > 0;
  return {
    ...revisionOf(sequences),
    open,
    settled: !open || awaitsReview(indexed.tasks.flatMap((task) => task?.state ?? [])),
  };
}

/** A lagging follower must not override the version that was read. */
function newer(read: JobVersion, indexed: JobVersion | undefined): JobVersion {
  return indexed === undefined || indexed.revision < read.revision ? read : indexed;
}

/** Wakes requests that wait for one job. All of them share one listener on the follower. */
export class JobWatch {
  readonly #waiters = new Map<JobId, Set<() => void>>();
  readonly #stop: (() => void)[];

  constructor(follower: Pick<Follower, 'onChange' | 'onReset'>) {
    this.#stop = [
      follower.onChange(({ entry }) => this.#wake(entry.state.of.job)),
      follower.onReset(() => [...this.#waiters.keys()].forEach((job) => this.#wake(job))),
    ];
  }

  /** Listens from now on. `next` resolves true at the first change since it last resolved, and false when the signal aborts. */
  listen(job: JobId, signal: AbortSignal): { next(): Promise<boolean>; stop(): void } {
    let changed = false;
    let resolveNext: ((changed: boolean) => void) | undefined;
    const wake = (): void => {
      changed = true;
      resolveNext?.(true);
    };
    const abort = (): void => resolveNext?.(false);
    this.#add(job, wake);
    signal.addEventListener('abort', abort, { once: true });
    const next = async (): Promise<boolean> => {
      if (!changed && !signal.aborted) await new Promise<boolean>((resolve) => (resolveNext = resolve));
      const result = changed;
      changed = false;
      return result;
    };
    const stop = (): void => {
      signal.removeEventListener('abort', abort);
      this.#remove(job, wake);
    };
    return { next, stop };
  }

  close(): void {
    for (const stop of this.#stop) stop();
  }

  #add(job: JobId, wake: () => void): void {
    const waiters = this.#waiters.get(job) ?? new Set();
    this.#waiters.set(job, waiters.add(wake));
  }

  #remove(job: JobId, wake: () => void): void {
    const waiters = this.#waiters.get(job);
    waiters?.delete(wake);
    if (waiters?.size === 0) this.#waiters.delete(job);
  }

  #wake(job: JobId): void {
    for (const wake of this.#waiters.get(job) ?? []) wake();
  }
}
