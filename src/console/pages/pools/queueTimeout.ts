// When the first queued task of a pool fails, if no worker claims it before.

import type { StuckTask } from '../../../client/index.ts';

/** ISO; null without a queued task. */
export function firstDue(tasks: readonly Pick<StuckTask, 'state' | 'dueAt'>[]): string | null {
  const due = tasks.flatMap(({ state, dueAt }) => (state === 'queued' && dueAt !== null ? [dueAt] : []));
  return due.toSorted()[0] ?? null;
}
