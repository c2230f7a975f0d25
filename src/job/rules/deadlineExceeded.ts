// The job's deadline has passed: its open tasks fail.

import type { Rule } from './rule.ts';
import { failByOrBlock } from './timeout.ts';
import { isPast } from './timing.ts';

export const deadlineExceeded: Rule = ({ task }, world, now) => {
  const { deadline } = task.of;
  if (deadline === null || !isPast(deadline, task, world, now)) return undefined;
  return failByOrBlock(
    'DeadlineExceeded',
    task,
    `The job's deadline passed while the task was ${task.state}`,
    world,
    now,
  );
};
