// The metric of overdue tasks. Every API process counts them, so that a failing controller is noticed from outside.

import type { ApiContext } from './options.ts';

const intervalMs = 5_000;
/** ms that a controller may take to move an overdue task. */
const graceMs = 15_000;

/** Counts until the returned function is called. */
export function watchOverdue({ follower, clock, metrics }: ApiContext): () => void {
  const count = (): void => {
    const overdue = new Map<string, number>([...follower.index.counts().keys()].map((pool) => [pool, 0]));
    const latest = clock.now() - graceMs;
    for (const { state } of follower.index.openTasks()) {
      if ('dueAt' in state && state.dueAt < latest) overdue.set(state.of.pool, (overdue.get(state.of.pool) ?? 0) + 1);
    }
    for (const [pool, tasks] of overdue) metrics.overdueTasks.set({ pool }, tasks);
  };
  const timer = setInterval(count, intervalMs).unref();
  return () => clearInterval(timer);
}
