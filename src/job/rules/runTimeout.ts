// Attempts and backoffs have used up the run timeout.

import { limitText } from '../duration.ts';
import { isHeld } from '../task.ts';
import type { Rule } from './rule.ts';
import { failBy } from './timeout.ts';
import { isPast } from './timing.ts';

export const runTimeout: Rule = ({ task }, world, now) => {
  if ((task.state !== 'running' && task.state !== 'waiting') || isHeld(task)) return undefined;
  if (!isPast(task.since + task.budgets.run, task, world, now)) return undefined;
  const limit = limitText(task.of.policy.runTimeout);
  return failBy('RunTimeout', task, `All attempts together took longer than the run timeout of ${limit}`, now);
};
