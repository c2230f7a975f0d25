// The task is queued but the queue will never deliver its message again. It guards against a bug of ours or the server's.

import { taskError } from '../errors/index.ts';
import { requeued } from '../transitions.ts';
import type { Rule } from './rule.ts';

export const messageLost: Rule = ({ task, messageMissing }, _world, now) => {
  if (task.state !== 'queued' || messageMissing !== true) return undefined;
  const message = "The queue had lost the task's message; it is queued again";
  const error = taskError('MessageLost', message);
  return { do: 'write', rule: 'MessageLost', state: requeued(task, 'MessageLost', 'counts', now), message, error };
};
