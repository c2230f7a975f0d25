// Adoption: a disconnected worker may have lost its task. Its late result is still accepted while no other worker runs the task,
// because the call has been paid for.

import { budgetsAfter } from '../job/budgets.ts';
import type { TaskError } from '../job/errors/index.ts';
import { fallbackFor } from '../job/fallback.ts';
import { isOpen, type Instant, type Running, type Sequence, type TaskState, type TaskWrite } from '../job/task.ts';
import { failed } from '../job/transitions.ts';
import type { LogEntry } from '../ports/jobLog.ts';
import { completed } from './finalWrite.ts';
import type { Claim, WrittenEnding } from './pipeline.ts';

export interface Adoption {
  readonly write: TaskWrite;
  /** The message that the write is made against. */
  readonly expected: Sequence;
}

/**
 * Returns the write that adopts the result after `last` has replaced our claim, or undefined if the result is refused. It is
 * adopted if `last` is waiting or queued, in the same run and after our claim, and the result is final: completed, or failed
 * with an error that another attempt would meet again and that no fallback of the task may help with.
 */
export function adopt(
  claim: Claim,
  ending: WrittenEnding,
  last: LogEntry | undefined,
  now: Instant,
): Adoption | undefined {
  if (last === undefined || last.sequence <= claim.sequence || last.state.run !== claim.state.run) return undefined;
  if (last.state.state !== 'waiting' && last.state.state !== 'queued') return undefined;
  if (ending.end === 'failed' && !isFinal(ending.error, claim.state, last.state)) return undefined;
  const running = resumed(claim.state, last.state, now);
  const expected = last.sequence;
  if (ending.end === 'failed') {
    const { error } = ending;
    return {
      expected,
      write: { state: failed(running, error.code, now), detail: { message: error.message, error } },
    };
  }
  return { expected, write: completed(running, ending, now) };
}

/** Another attempt would end alike: at the same target, and without a fallback that it could move the task to. */
function isFinal(error: TaskError, claim: Running, { target = 0 }: TaskState): boolean {
  return wouldRecur(error) && target === (claim.target ?? 0) && fallbackFor(claim, error, false) === undefined;
}

/** The error would occur again. Not so for a time limit that our claim exceeded: the requeued task has a new limit. */
function wouldRecur({ retryable, code }: TaskError): boolean {
  return !retryable && code !== 'RunTimeout';
}

/** Whether `last` is our own write, which was stored although its answer was lost. */
export function isSameState(last: TaskState, ours: TaskState): boolean {
  return (
    last.state === ours.state &&
    last.run === ours.run &&
    last.attempt === ours.attempt &&
    last.since === ours.since &&
    last.reason === ours.reason &&
    isOpen(last) === isOpen(ours)
  );
}

/** Our claim with the counts and budgets of `last`, which a later message may never reset. */
function resumed(claim: Running, last: TaskState & { state: 'waiting' | 'queued' }, now: Instant): Running {
  const { attempt, attemptsLost } = last;
  return { ...claim, attempt, attemptsLost, budgets: budgetsAfter(last, now), since: now };
}
