// The worker is alive, but its heartbeats no longer list the task, so it has lost track of it. The claim names heartbeat n;
// heartbeat n + 1 may have been in flight already, so the task must be missing from the two heartbeats after that.

import { taskError } from '../errors/index.ts';
import { afterLoss } from '../retryOrFail.ts';
import type { Rule } from './rule.ts';

export const taskOrphaned: Rule = ({ task }, world, now) => {
  if (task.state !== 'running' || world.outage) return undefined;
  const worker = world.worker(task.worker);
  if (worker === undefined || worker.beat < task.beat + 3) return undefined;
  if (worker.beatsWithout(task.of.job, task.of.task) < 2) return undefined;
  const error = taskError('TaskOrphaned', `Worker ${task.worker} is alive, but its heartbeats no longer list the task`);
  const after = afterLoss(task, error, now);
  return { do: 'write', rule: 'TaskOrphaned', state: after.state, message: after.error.message, error: after.error };
};
