// Where a task runs: its own pool and model, or one of its fallbacks. The job's pool never changes, because it is part of the
// subjects that all writers of the task expect.

import type { Target } from './policy.ts';
import type { TaskBase } from './task.ts';

/** The pool and the model that the task uses in this run. */
export function targetOf({ of, target = 0 }: Pick<TaskBase, 'of' | 'target'>): Target {
  return of.policy.fallback?.[target - 1] ?? { pool: of.pool, model: of.model };
}

/** The targets after the current one, in order. */
export function laterTargets({ of, target = 0 }: Pick<TaskBase, 'of' | 'target'>): readonly Target[] {
  return of.policy.fallback?.slice(target) ?? [];
}

/** The pool whose workers serve the task. */
export const servingPool = (task: Pick<TaskBase, 'of' | 'target'>): string => targetOf(task).pool;
