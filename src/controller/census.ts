// One pass over all open tasks, every few seconds: how old the oldest are, and which are overdue.

import { graceFor } from '../job/rules/overdue.ts';
import type { World } from '../job/rules/rule.ts';
import { isOpen, openStates, type Instant, type OpenTask, type Sequence } from '../job/task.ts';
import type { IndexedTask } from '../readmodel/jobIndex.ts';
import { taskKey } from '../readmodel/taskKey.ts';

export interface PoolCensus {
  /** When the oldest task in each open state entered it; 0 where there is none. */
  readonly oldest: Record<OpenTask['state'], Instant>;
  overdue: number;
}

export interface Census {
  readonly pools: Map<string, PoolCensus>;
  /** Open tasks that nobody moved although their time and the grace are over for long: `job/task@sequence`. */
  readonly unmoved: Set<string>;
}

/** ms past dueAt and grace in which the controller must have moved a task. */
const slack = 5_000;

export function takeCensus(tasks: Iterable<IndexedTask>, world: World, now: Instant): Census {
  const census: Census = { pools: new Map(), unmoved: new Set() };
  for (const { state, sequence } of tasks) if (isOpen(state)) count(census, state, sequence, world, now);
  return census;
}

function count({ pools, unmoved }: Census, task: OpenTask, sequence: Sequence, world: World, now: Instant): void {
  const pool = pools.get(task.of.pool) ?? emptyPool();
  pools.set(task.of.pool, pool);
  const oldest = pool.oldest[task.state];
  pool.oldest[task.state] = oldest === 0 ? task.since : Math.min(oldest, task.since);
  if (now > task.dueAt) pool.overdue += 1;
  if (now > task.dueAt + graceFor(task, world) + slack)
    unmoved.add(`${taskKey(task.of.job, task.of.task)}@${sequence}`);
}

function emptyPool(): PoolCensus {
  return { oldest: Object.fromEntries(openStates.map((state) => [state, 0])) as PoolCensus['oldest'], overdue: 0 };
}
