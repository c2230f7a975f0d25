// The result waited for a reviewer for as long as it may.

import { formatDuration } from '../duration.ts';
import { fail, isPast } from './overdue.ts';
import type { Rule } from './rule.ts';

export const reviewTimeout: Rule = ({ task }, world, now) => {
  if (task.state !== 'needs_review' || !isPast(task.since + task.budgets.review, task, world, now)) return undefined;
  const limit = formatDuration(task.of.policy.reviewTimeout);
  return fail(task, 'ReviewTimeout', `Nobody reviewed the result within the review timeout of ${limit}`, now);
};
