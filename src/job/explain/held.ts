// Why a task waits for other tasks of its job.

import { about } from '../duration.ts';
import { isOpen, type Held, type TaskState } from '../task.ts';
import { taskText } from '../rules/dependencyFailed.ts';
import { clockTime, count } from './format.ts';
import type { Finding, Observation } from './observation.ts';

export function whyHeld(task: Held, { parents = [], now }: Observation): Finding[] {
  const open = parents.filter(isOpen);
  const [first, ...others] = open.toSorted((one, other) => urgency(one) - urgency(other));
  if (first === undefined) return [nothingToWaitFor(task, parents)];
  const more = others.length === 0 ? '' : `, and for ${count(others.length, 'other task')}`;
  const since = `${first.state} for ${about(now - first.since)}`;
  return [
    {
      cause: 'WaitingForTasks',
      summary: `It waits for ${taskText(first)}, which has been ${since}${more}`,
      advice: `No action needed: it is queued as soon as they have succeeded. \`genwarden explain ${task.of.job}\` explains them too.`,
      waitingFor: {
        reason: 'Dependency',
        until: null,
        detail: `Waits for ${taskText(first)}, ${first.state} since ${clockTime(first.since)}${more}`,
      },
    },
  ];
}

/** Reviews first, because they need a person; then those that are furthest from their end. */
function urgency({ state }: TaskState): number {
  return ['needs_review', 'waiting', 'queued', 'running'].indexOf(state);
}

function nothingToWaitFor({ of }: Held, parents: Observation['parents'] = []): Finding {
  const number = of.after?.length ?? 0;
  const summary =
    parents.length < number
      ? `It waits for ${count(number, 'other task')} of its job`
      : 'The tasks that it waited for have ended; the controller moves it in a moment';
  return { cause: 'WaitingForTasks', summary, waitingFor: { reason: 'Dependency', until: null, detail: summary } };
}
