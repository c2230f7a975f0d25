// Adoption: a worker that was cut off may have lost its task. Its late result is still accepted while no other worker runs the
// task, because the call has been paid for.

import { budgetsAfter } from '../job/budgets.ts';
import type { TaskError } from '../job/errors/index.ts';
import { isOpen, type Instant, type Running, type Sequence, type TaskState, type TaskWrite } from '../job/task.ts';
import { failed, succeeded, toReview } from '../job/transitions.ts';
import type { LogEntry } from '../ports/jobLog.ts';
import { madeDetail } from './finalWrite.ts';
import type { Claim, WrittenEnding } from './pipeline.ts';

export interface Adoption {
  readonly write: TaskWrite;
  /** The message that the write is made against. */
  readonly expected: Sequence;
}

/**
 * What to write after `last` was found in the place of our claim, or undefined where the result is refused. It is adopted
 * if `last` is waiting or queued in the same run, after our claim, and the result is final by nature: made, or failed with
 * an error that must not be retried.
 */
export function adopt(
  claim: Claim,
  ending: WrittenEnding,
  last: LogEntry | undefined,
  now: Instant,
): Adoption | undefined {
  if (last === undefined || last.sequence <= claim.sequence || last.state.run !== claim.state.run) return undefined;
  if (last.state.state !== 'waiting' && last.state.state !== 'queued') return undefined;
  if (ending.end === 'failed' && !saysSomethingOfTheTask(ending.error)) return undefined;
  const running = resumed(claim.state, last.state, now);
  const expected = last.sequence;
  if (ending.end === 'failed') {
    const { error } = ending;
    return { expected, write: { state: failed(running, error.code, now), detail: { message: error.message, error } } };
  }
  const state = running.of.policy.review === 'always' ? toReview(running, now) : succeeded(running, now);
  return { expected, write: { state, detail: madeDetail(ending) } };
}

/** An error that would occur again. A time limit that our claim hit is not one: the requeued task has its own time. */
function saysSomethingOfTheTask({ retryable, code }: TaskError): boolean {
  return !retryable && code !== 'RunTimeout';
}

/** Whether `last` is what we wrote: stored, although the answer never came. */
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

/** Our claim, with the counts and budgets of the message it is written after: they only ever go on from there. */
function resumed(claim: Running, last: TaskState & { state: 'waiting' | 'queued' }, now: Instant): Running {
  const { attempt, attemptsLost } = last;
  return { ...claim, attempt, attemptsLost, budgets: budgetsAfter(last, now), since: now };
}
