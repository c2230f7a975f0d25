// The result waited for a reviewer for as long as it may.

import { formatDuration } from '../duration.ts';
import type { Rule } from './rule.ts';
import { failBy } from './timeout.ts';
import { isPast } from './timing.ts';

export const reviewTimeout: Rule = ({ task }, world, now) => {
  if (task.state !== 'needs_review' || !isPast(task.since + task.budgets.review, task, world, now)) return undefined;
  const limit = formatDuration(task.of.policy.reviewTimeout);
  return failBy('ReviewTimeout', task, `Nobody reviewed the result within the review timeout of ${limit}`, now);
};
