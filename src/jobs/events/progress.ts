// Collects the newest progress of each running task for one event feed, until the feed takes it.

import type { ProgressReport } from '../../readmodel/workerDirectory.ts';
import type { JobsContext } from '../context.ts';
import { canSee } from '../tenancy.ts';

export interface ProgressUpdates {
  /** The updates since the last call. */
  take(): readonly ProgressReport[];
  stop(): void;
}

/** Updates of the tenant's tasks, or of one job's; calls `wake` when there is one. */
export function collectProgress(
  { workers, follower }: Pick<JobsContext, 'workers' | 'follower'>,
  { tenant, job: only }: { readonly tenant: string; readonly job: string | undefined },
  wake: () => void,
): ProgressUpdates {
  const updates = new Map<string, ProgressReport>();
  const stop = workers.onProgress((update) => {
    if (only === undefined ? !canSee(tenant, follower.index.job(update.job)?.tenant) : update.job !== only) return;
    updates.set(`${update.job}/${update.task}`, update);
    wake();
  });
  return {
    take: () => {
      const taken = [...updates.values()];
      updates.clear();
      return taken;
    },
    stop,
  };
}
