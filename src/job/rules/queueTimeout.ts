// The task has waited for a worker or a key for the whole queue timeout.

import { formatDuration } from '../duration.ts';
import type { Rule } from './rule.ts';
import { failBy } from './timeout.ts';
import { isPast } from './timing.ts';

export const queueTimeout: Rule = ({ task }, world, now) => {
  if (task.state !== 'queued' || !isPast(task.since + task.budgets.queue, task, world, now)) return undefined;
  const limit = formatDuration(task.of.policy.queueTimeout);
  return failBy(
    'QueueTimeout',
    task,
    `No worker of pool ${task.of.pool} claimed the task within the queue timeout of ${limit}`,
    now,
  );
};
