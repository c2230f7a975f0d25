// Tells one job's event feed when what its tasks wait for changes although their logs do not: an outage opens or ends, a pool is
// paused, workers come or go.

import type { WaitingFor } from '../../job/explain/observation.ts';
import { servingPool } from '../../job/target.ts';
import { isOpen } from '../../job/task.ts';
import type { JobId, TaskIndex } from '../../job/ids.ts';
import type { IndexedTask } from '../../readmodel/jobIndex.ts';
import type { JobsContext } from '../context.ts';
import type { TaskVersion } from '../list.ts';
import type { WaitObserver } from '../waitObserver.ts';

export type WaitingContext = Pick<JobsContext, 'follower' | 'keys'> & { readonly waits: WaitObserver };

export interface WaitingReport {
  readonly job: JobId;
  readonly task: TaskIndex;
  readonly waitingFor: WaitingFor | null;
}

export interface WaitingUpdates {
  /** The client is about to see these tasks, with what they wait for. */
  note(tasks: readonly TaskVersion[]): Promise<void>;
  /** What changed since the client saw the tasks, and since the last call. */
  take(): Promise<readonly WaitingReport[]>;
  stop(): void;
}

/** ms; for what has no signal, such as a pause or a missing worker. */
const recheckAfter = 5_000;

const none: WaitingUpdates = { note: async () => undefined, take: async () => [], stop: () => undefined };

/** Calls `wake` when there may be changes. A feed of all jobs has none: each job in it shows what it waits for. */
export function watchWaiting(context: WaitingContext, job: JobId | undefined, wake: () => void): WaitingUpdates {
  if (job === undefined) return none;
  const openTasks = (): readonly IndexedTask[] =>
    (context.follower.index.job(job)?.tasks ?? []).flatMap((task) => (task && isOpen(task.state) ? task : []));
  const seen = new Map<TaskIndex, string>();
  let mayHaveChanged = false;
  const check = (): void => {
    mayHaveChanged = true;
    wake();
  };
  const stopped = new AbortController();
  const timer = setInterval(check, recheckAfter).unref();
  context.keys?.onChange((pool) => {
    if (openTasks().some(({ state }) => servingPool(state) === pool)) check();
  }, stopped.signal);
  return {
    note: async (tasks) => {
      const waits = await context.waits.of(tasks);
      for (const task of tasks) seen.set(task.state.of.task, keyOf(waits(task)));
    },
    take: async () => {
      if (!mayHaveChanged) return [];
      mayHaveChanged = false;
      const tasks = openTasks();
      const waits = await context.waits.of(tasks);
      return tasks.flatMap((version) => {
        const { task } = version.state.of;
        const waitingFor = waits(version);
        const key = keyOf(waitingFor);
        if (seen.get(task) === key) return [];
        seen.set(task, key);
        return [{ job, task, waitingFor }];
      });
    },
    stop: () => {
      clearInterval(timer);
      stopped.abort();
    },
  };
}

/** The number of tasks ahead changes all the time. */
const keyOf = (waits: WaitingFor | null): string =>
  waits === null ? '' : JSON.stringify([waits.reason, waits.until, waits.reason === 'SlotsBusy' ? '' : waits.detail]);
