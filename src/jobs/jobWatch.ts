// Tells those who wait for one job that it changed: one listener on the follower for all of them.

import type { JobId } from '../job/ids.ts';
import type { Follower } from '../readmodel/follower.ts';

export class JobWatch {
  readonly #waiters = new Map<JobId, Set<() => void>>();
  readonly #stop: (() => void)[];

  constructor(follower: Pick<Follower, 'onChange' | 'onReset'>) {
    this.#stop = [
      follower.onChange(({ entry }) => this.#wake(entry.state.of.job)),
      follower.onReset(() => [...this.#waiters.keys()].forEach((job) => this.#wake(job))),
    ];
  }

  /** Listens for changes of a job from now on: `next` resolves true at the first one since it last did, false at the signal. */
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
