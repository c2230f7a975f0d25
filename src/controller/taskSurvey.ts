// Surveys all open tasks for metrics: the age of the oldest ones, and the number of overdue ones.

import type { World } from '../job/rules/rule.ts';
import { isLongOverdue } from '../job/rules/timing.ts';
import { servingPool } from '../job/target.ts';
import { isOpen, openStates, type Instant, type OpenTask, type Sequence } from '../job/task.ts';
import type { IndexedTask } from '../readmodel/jobIndex.ts';
import { taskKey } from '../readmodel/taskKey.ts';

export interface PoolSurvey {
  /** When the oldest task in each open state entered that state; 0 for no task. */
  readonly oldest: Record<OpenTask['state'], Instant>;
  overdue: number;
}

export interface TaskSurvey {
  readonly pools: Map<string, PoolSurvey>;
  /** Tasks overdue for so long that a controller must have failed to act: `job/task@sequence`. */
  readonly unmoved: Set<string>;
}

export function surveyTasks(tasks: Iterable<IndexedTask>, world: World, now: Instant): TaskSurvey {
  const survey: TaskSurvey = { pools: new Map(), unmoved: new Set() };
  for (const { state, sequence } of tasks) if (isOpen(state)) count(survey, state, sequence, world, now);
  return survey;
}

function count({ pools, unmoved }: TaskSurvey, task: OpenTask, sequence: Sequence, world: World, now: Instant): void {
  const pool = pools.get(servingPool(task)) ?? emptyPool();
  pools.set(servingPool(task), pool);
  const oldest = pool.oldest[task.state];
  pool.oldest[task.state] = oldest === 0 ? task.since : Math.min(oldest, task.since);
  if (now > task.dueAt) pool.overdue += 1;
  if (isLongOverdue(task, world, now)) unmoved.add(`${taskKey(task.of.job, task.of.task)}@${sequence}`);
}

function emptyPool(): PoolSurvey {
  return { oldest: Object.fromEntries(openStates.map((state) => [state, 0])) as PoolSurvey['oldest'], overdue: 0 };
}
