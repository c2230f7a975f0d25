// The backoff of a waiting task has ended: requeue it.

import { requeued } from '../transitions.ts';
import type { Rule } from './rule.ts';

export const retryDue: Rule = ({ task }, _world, now) => {
  if (task.state !== 'waiting' || task.retryAt === null || now < task.retryAt) return undefined;
  const message = `Requeued after its backoff: attempt ${task.attempt} of ${task.of.policy.maxAttempts} failed with ${task.reason}`;
  return { do: 'write', rule: 'RetryDue', state: requeued(task, 'RetryDue', 'counts', now), message };
};
