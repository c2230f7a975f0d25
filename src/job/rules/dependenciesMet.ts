// All tasks that this one waits for have succeeded: queue it.

import { isHeld } from '../task.ts';
import { released } from '../transitions.ts';
import { taskText } from './dependencyFailed.ts';
import type { Rule } from './rule.ts';

export const dependenciesMet: Rule = ({ task, parents = [] }, _world, now) => {
  if (!isHeld(task) || parents.length === 0 || parents.some((parent) => parent?.state !== 'succeeded'))
    return undefined;
  const [first, ...others] = parents.map((parent) => taskText(parent!));
  const done = others.length === 0 ? `${first} has` : `${first} and ${others.length} more have`;
  return { do: 'write', rule: 'DependenciesMet', state: released(task, now), message: `Queued: ${done} succeeded` };
};
