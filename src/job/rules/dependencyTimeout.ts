// The tasks that this one waits for should have ended by now. If one of them has more time than it had, for example because
// of a tweak, this task waits as long; otherwise it fails.

import { latestEnd, lifetime } from '../budgets.ts';
import { taskError } from '../errors/index.ts';
import { isHeld, isOpen, type Held, type Instant, type TaskState } from '../task.ts';
import { extended, failed } from '../transitions.ts';
import { taskText } from './dependencyFailed.ts';
import type { Rule } from './rule.ts';
import { isPast } from './timing.ts';

export const dependencyTimeout: Rule = ({ task, parents = [] }, world, now) => {
  if (!isHeld(task) || !isPast(task.dueAt, task, world, now)) return undefined;
  const open = parents.find((parent) => parent !== undefined && isOpen(parent));
  const due = latestStart(task, parents);
  if (open !== undefined && due > now) {
    const message = `It waits longer for ${taskText(open)}, which has more time since its run ${open.run}`;
    return { do: 'write', rule: 'DependencyExtended', state: extended(task, due), message };
  }
  const what =
    open === undefined ? 'The tasks that it waits for are' : `${capitalized(taskText(open))}, which it waits for, is`;
  const message = `${what} still ${open?.state ?? 'unknown'}, although it should have ended`;
  const error = taskError('DependencyTimeout', message);
  return { do: 'write', rule: 'DependencyTimeout', state: failed(task, 'DependencyTimeout', now), message, error };
};

/** The latest end of the tasks that it waits for, but in time to run before the job expires. */
function latestStart({ of }: Held, parents: readonly (TaskState | undefined)[]): Instant {
  const ends = parents.map((parent) => (parent !== undefined && isOpen(parent) ? latestEnd(parent) : -Infinity));
  return Math.min(Math.max(...ends), of.expiresAt - lifetime(of.policy));
}

const capitalized = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}`;
