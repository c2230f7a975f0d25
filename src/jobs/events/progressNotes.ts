// How far running tasks are, for one event stream: the newest word on each, until it is told.

import { sees } from '../tenancy.ts';
import type { ApiContext } from '../../api/options.ts';
import type { ProgressReport } from '../../readmodel/workerDirectory.ts';

export interface ProgressNotes {
  /** What is new since the last time. */
  take(): readonly ProgressReport[];
  stop(): void;
}

/** Notes of the tenant's tasks, or of one job's; `wake` is called when there is one. */
export function progressOf(
  { workers, follower }: ApiContext,
  { tenant, job: only }: { readonly tenant: string; readonly job: string | undefined },
  wake: () => void,
): ProgressNotes {
  const notes = new Map<string, ProgressReport>();
  const stop = workers.onProgress((told) => {
    if (only === undefined ? !sees(tenant, follower.index.job(told.job)?.tenant) : told.job !== only) return;
    notes.set(`${told.job}/${told.task}`, told);
    wake();
  });
  return {
    take: () => {
      const told = [...notes.values()];
      notes.clear();
      return told;
    },
    stop,
  };
}
