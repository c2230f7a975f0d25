// The job's own deadline has passed: any open task of it fails.

import { fail, isPast } from './overdue.ts';
import type { Rule } from './rule.ts';

export const deadlineExceeded: Rule = ({ task }, world, now) => {
  const { deadline } = task.of;
  if (deadline === null || !isPast(deadline, task, world, now)) return undefined;
  return fail(task, 'DeadlineExceeded', `The job's deadline passed while the task was ${task.state}`, now);
};
