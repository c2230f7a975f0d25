// The metric of overdue tasks. Every API process counts them, so that a failing controller is noticed from outside.

import { countOverdue } from '../jobs/stuck/overdue.ts';
import type { ApiContext } from './options.ts';

const intervalMs = 5_000;

/** Counts until the returned function is called. */
export function watchOverdue(context: ApiContext): () => void {
  const count = (): void => {
    for (const [pool, tasks] of countOverdue(context)) context.metrics.overdueTasks.set({ pool }, tasks);
  };
  const timer = setInterval(count, intervalMs).unref();
  return () => clearInterval(timer);
}
