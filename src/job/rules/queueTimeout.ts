// The task has waited for a worker or a key for the whole queue timeout.

import { limitText } from '../duration.ts';
import { servingPool } from '../target.ts';
import type { Rule } from './rule.ts';
import { failByOrBlock } from './timeout.ts';
import { isPast } from './timing.ts';

export const queueTimeout: Rule = ({ task }, world, now) => {
  if (task.state !== 'queued' || !isPast(task.since + task.budgets.queue, task, world, now)) return undefined;
  const limit = limitText(task.of.policy.queueTimeout);
  const message = `No worker of pool ${servingPool(task)} claimed the task within the queue timeout of ${limit}`;
  return failByOrBlock('QueueTimeout', task, message, world, now);
};
