// The result has waited for a review for the whole review timeout.

import { limitText } from '../duration.ts';
import type { Rule } from './rule.ts';
import { failBy } from './timeout.ts';
import { isPast } from './timing.ts';

export const reviewTimeout: Rule = ({ task }, world, now) => {
  if (task.state !== 'needs_review' || !isPast(task.since + task.budgets.review, task, world, now)) return undefined;
  const limit = limitText(task.of.policy.reviewTimeout);
  return failBy('ReviewTimeout', task, `The result was not reviewed within the review timeout of ${limit}`, now);
};
