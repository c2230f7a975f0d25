// The attempt is overdue although its worker is alive: a hang that heartbeats alone do not reveal.

import { limitText } from '../duration.ts';
import { taskError } from '../errors/index.ts';
import { attemptLimit } from '../policy.ts';
import { afterFailure } from '../retryOrFail.ts';
import { isPast } from './timing.ts';
import type { Rule } from './rule.ts';

export const attemptTimeout: Rule = ({ task }, world, now, random) => {
  if (task.state !== 'running' || !isPast(task.dueAt, task, world, now)) return undefined;
  const limit = limitText(attemptLimit(task.of.policy));
  const error = taskError('AttemptTimeout', `Worker ${task.worker} did not finish the attempt within ${limit}`);
  const after = afterFailure(task, error, now, random);
  return { do: 'write', rule: 'AttemptTimeout', state: after.state, message: after.error.message, error: after.error };
};
