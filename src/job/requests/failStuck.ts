// Fail a stuck task at an operator's request, but only if it has not changed since the operator saw it.

import { taskError } from '../errors/index.ts';
import { isOpen, type Instant, type Sequence, type TaskState } from '../task.ts';
import { failed } from '../transitions.ts';
import { nothing, write, type Decision } from './decision.ts';

/** `seen` is the sequence of the task's last message when the operator saw it; `by` is the operator's name. */
export function failStuckTask(
  { state, sequence }: { readonly state: TaskState; readonly sequence: Sequence },
  seen: Sequence,
  by: string,
  now: Instant,
): Decision {
  if (sequence !== seen || !isOpen(state)) return nothing;
  const message = `Failed by ${by} while it was ${state.state} (${state.reason})`;
  const error = taskError('FailedByOperator', message);
  return write({ state: failed(state, 'FailedByOperator', now), detail: { message, error } });
}
