// A task that this one waits for has failed, was cancelled or was deleted: this one cannot run any more.

import { endedInVain } from '../chains/parents.ts';
import { taskError } from '../errors/index.ts';
import { isHeld, type TaskState } from '../task.ts';
import { failed } from '../transitions.ts';
import type { Rule } from './rule.ts';

export const dependencyFailed: Rule = ({ task, parents = [] }, _world, now) => {
  if (!isHeld(task)) return undefined;
  const parent = parents.find((one) => one !== undefined && endedInVain(one));
  if (parent === undefined) return undefined;
  const others = parents.filter((one) => one !== undefined && endedInVain(one)).length - 1;
  const more = others === 0 ? '' : `, and ${others} other${others === 1 ? '' : 's'} that it waits for did not succeed`;
  const message = `It waits for ${taskText(parent)}, which ${endText(parent)}${more}`;
  const error = taskError('DependencyFailed', message);
  return { do: 'write', rule: 'DependencyFailed', state: failed(task, 'DependencyFailed', now), message, error };
};

/** `task 0 (storyboard)`. */
export const taskText = ({ of }: Pick<TaskState, 'of'>): string =>
  of.name === null ? `task ${of.task}` : `task ${of.task} (${of.name})`;

function endText({ state, reason }: TaskState): string {
  if (state === 'failed') return `failed with ${reason}`;
  return state === 'cancelled' ? 'was cancelled' : 'was deleted';
}
