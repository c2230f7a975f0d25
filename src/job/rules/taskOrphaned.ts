// The worker lives and beats, but has stopped naming the task: it forgot it. The claim names beat n; beat n + 1 may
// still have been under way, so two beats after that must miss the task.

import { taskError } from '../errors/index.ts';
import { afterLoss } from '../retryOrFail.ts';
import type { Rule } from './rule.ts';

export const taskOrphaned: Rule = ({ task }, world, now) => {
  if (task.state !== 'running' || world.outage) return undefined;
  const worker = world.worker(task.worker);
  if (worker === undefined || worker.beat < task.beat + 3) return undefined;
  if (worker.beatsWithout(task.of.job, task.of.task) < 2) return undefined;
  const error = taskError('TaskOrphaned', `Worker ${task.worker} is alive but no longer lists the task`);
  const after = afterLoss(task, error, now);
  return { do: 'write', rule: 'TaskOrphaned', state: after.state, message: after.error.message, error: after.error };
};
