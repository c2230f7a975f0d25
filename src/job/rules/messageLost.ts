// The task is queued, but the queue will never deliver its message. Guards against bugs in Genwarden and in nats-server.

import { taskError } from '../errors/index.ts';
import { requeued } from '../transitions.ts';
import type { Rule } from './rule.ts';

export const messageLost: Rule = ({ task, messageMissing }, _world, now) => {
  if (task.state !== 'queued' || messageMissing !== true) return undefined;
  const message = "The queue lost the task's message, so the task was requeued";
  const error = taskError('MessageLost', message);
  return { do: 'write', rule: 'MessageLost', state: requeued(task, 'MessageLost', 'counts', now), message, error };
};
