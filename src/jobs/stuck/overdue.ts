// Counts overdue tasks. A healthy installation has none: a leading controller moves them in time.

import type { JobsContext } from '../context.ts';

/** ms after its `dueAt` that a controller may take to move a task. */
const grace = 15_000;

/** By pool, for every pool with indexed tasks. */
export function countOverdue({
  follower,
  clock,
}: Pick<JobsContext, 'follower' | 'clock'>): ReadonlyMap<string, number> {
  const overdue = new Map<string, number>([...follower.index.counts().keys()].map((pool) => [pool, 0]));
  const latest = clock.now() - grace;
  for (const { state } of follower.index.openTasks()) {
    if ('dueAt' in state && state.dueAt < latest) overdue.set(state.of.pool, (overdue.get(state.of.pool) ?? 0) + 1);
  }
  return overdue;
}
