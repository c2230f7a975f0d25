// The backoff of a waiting task is over: back into the queue.

import { requeued } from '../transitions.ts';
import type { Rule } from './rule.ts';

export const retryDue: Rule = ({ task }, _world, now) => {
  if (task.state !== 'waiting' || now < task.retryAt) return undefined;
  const message = `Attempt ${task.attempt} of ${task.of.policy.maxAttempts} failed (${task.reason}); the backoff is over`;
  return { do: 'write', rule: 'RetryDue', state: requeued(task, 'RetryDue', 'counts', now), message };
};
