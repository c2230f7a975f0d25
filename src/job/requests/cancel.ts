// Cancel: every open task becomes terminal immediately and keeps the results it has.

import { isOpen, type Instant, type TaskState } from '../task.ts';
import { cancelled } from '../transitions.ts';
import { nothing, write, type Decision, type LastMessage } from './decision.ts';

export interface Cancel {
  /** The name of the person or system that cancels, for messages. */
  readonly by: string;
  /** `finish` lets running tasks finish. */
  readonly running: 'stop' | 'finish';
}

export function cancelTask({ state, detail }: LastMessage, { by, running }: Cancel, now: Instant): Decision {
  if (!isOpen(state) || (state.state === 'running' && running === 'finish')) return nothing;
  const { artifacts, output, usage, used, flags } = detail;
  return write({
    state: cancelled(state, now),
    detail: {
      message: `Cancelled by ${by}`,
      ...(artifacts === undefined ? {} : { artifacts }),
      ...(output === undefined ? {} : { output }),
      ...(usage === undefined ? {} : { usage }),
      ...(used === undefined ? {} : { used }),
      ...(flags === undefined ? {} : { flags }),
    },
  });
}

/** Whether a cancel had an effect, from the tasks after it: one was cancelled, now or earlier, or is still open. */
export function hasCancelled(tasks: readonly TaskState[]): boolean {
  return tasks.some((task) => task.state === 'cancelled' || isOpen(task));
}
