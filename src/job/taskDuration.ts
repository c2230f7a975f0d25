// How long a task's run took, as metrics and figures count it.

import type { Duration } from './duration.ts';
import type { TerminalTask } from './task.ts';

/** ms from the start of the run (submit, retry or tweak) to its end, without the time in review. */
export function taskDuration({ of, since, queuedAt, budgets }: TerminalTask): Duration {
  const inReview = of.policy.reviewTimeout - budgets.review;
  return Math.max(0, since - queuedAt - inReview);
}
