// The worker that runs the task has sent no heartbeat for the heartbeat timeout, or has lost its connection.

import { about } from '../duration.ts';
import { taskError } from '../errors/index.ts';
import { afterLoss } from '../retryOrFail.ts';
import type { Rule, World } from './rule.ts';

export const workerLost: Rule = ({ task, seenFor }, world, now) => {
  if (task.state !== 'running') return undefined;
  const cause = lossOf(task.worker, seenFor, world);
  if (cause === undefined) return undefined;
  const after = afterLoss(task, taskError('WorkerLost', `Worker ${task.worker} ${cause}`), now);
  return { do: 'write', rule: 'WorkerLost', state: after.state, message: after.error.message, error: after.error };
};

/** Why the worker counts as lost, for a person; undefined while it does not. */
function lossOf(name: string, seenFor: number, world: World): string | undefined {
  const worker = world.worker(name);
  if (worker?.connectionLost) return 'lost its connection and did not reconnect';
  if (world.outage) return undefined;
  const silence = Math.min(seenFor, worker?.silentFor ?? Infinity);
  return silence < world.heartbeatTimeout ? undefined : `sent no heartbeat for ${about(silence)}`;
}
