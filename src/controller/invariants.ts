// The invariants that two successive messages of a task can violate. The counter of violations must stay 0.

import { catalogue, type ErrorCode } from '../job/errors/index.ts';
import { isKeyFailure } from '../job/errors/failureKinds.ts';
import { isOpen, type TaskState } from '../job/task.ts';

export const invariants = [
  'TerminalTaskChanged',
  'TooManyAttempts',
  'TooManyLostAttempts',
  'RetriedInVain',
  'OverdueUnmoved',
] as const;
export type Invariant = (typeof invariants)[number];

interface Transition {
  readonly before: { readonly state: TaskState } | undefined;
  readonly after: { readonly state: TaskState };
}

/** `before` is the message that `after` was written against, if any. */
export function violatedBy({ before, after }: Transition): Invariant[] {
  const { attempt, attemptsLost, of } = after.state;
  const violated: Invariant[] = [];
  if (before !== undefined && changesTerminal(before.state, after.state)) violated.push('TerminalTaskChanged');
  if (attempt > of.policy.maxAttempts) violated.push('TooManyAttempts');
  if (attemptsLost > of.policy.maxLostAttempts) violated.push('TooManyLostAttempts');
  if (retriesNonRetryable(after.state)) violated.push('RetriedInVain');
  return violated;
}

/** A terminal task changes only into a new run or a tombstone. */
function changesTerminal(before: TaskState, after: TaskState): boolean {
  return !isOpen(before) && after.state !== 'deleted' && after.run <= before.run;
}

/** A task returns to the queue without a counted attempt if another key may have what its key lacks. */
function retriesNonRetryable(state: TaskState): boolean {
  if (state.state !== 'waiting' && state.state !== 'queued') return false;
  if (state.state === 'queued' && isKeyFailure(state.reason)) return false;
  return catalogue[state.reason as ErrorCode]?.retryable === false;
}
