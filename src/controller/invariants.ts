// The invariants that two successive messages of a task can violate. Their counter must stay 0.

import { catalogue, type ErrorCode } from '../job/errors/index.ts';
import { isOpen, type TaskState } from '../job/task.ts';

export type Invariant =
  | 'TerminalTaskChanged'
  | 'TooManyAttempts'
  | 'TooManyLostAttempts'
  | 'RetriedInVain'
  | 'OverdueUnmoved';

interface Transition {
  readonly before: { readonly state: TaskState } | undefined;
  readonly after: { readonly state: TaskState };
}

/** `before` is the message that `after` was written against, if any. */
export function brokenBy({ before, after }: Transition): Invariant[] {
  const { attempt, attemptsLost, of } = after.state;
  const broken: Invariant[] = [];
  if (before !== undefined && changedTheEnd(before.state, after.state)) broken.push('TerminalTaskChanged');
  if (attempt > of.policy.maxAttempts) broken.push('TooManyAttempts');
  if (attemptsLost > of.policy.maxLostAttempts) broken.push('TooManyLostAttempts');
  if (retriesInVain(after.state)) broken.push('RetriedInVain');
  return broken;
}

/** A terminal task changes only into a new run or a tombstone. */
function changedTheEnd(before: TaskState, after: TaskState): boolean {
  return !isOpen(before) && after.state !== 'deleted' && after.run <= before.run;
}

function retriesInVain(state: TaskState): boolean {
  if (state.state !== 'waiting' && state.state !== 'queued') return false;
  return catalogue[state.reason as ErrorCode]?.retryable === false;
}
