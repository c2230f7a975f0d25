// The task waited for a worker or a key for as long as it may.

import { formatDuration } from '../duration.ts';
import { fail, isPast } from './overdue.ts';
import type { Rule } from './rule.ts';

export const queueTimeout: Rule = ({ task }, world, now) => {
  if (task.state !== 'queued' || !isPast(task.since + task.budgets.queue, task, world, now)) return undefined;
  const limit = formatDuration(task.of.policy.queueTimeout);
  return fail(
    task,
    'QueueTimeout',
    `No worker of pool ${task.of.pool} took the task within the queue timeout of ${limit}`,
    now,
  );
};
