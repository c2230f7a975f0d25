// Which message may follow which in a task's log, stated independently of the code that writes them.

import { latestEnd } from '../../../src/job/budgets.ts';
import { catalogue, type ErrorCode } from '../../../src/job/errors/index.ts';
import { isOpen, type TaskDetail, type TaskState } from '../../../src/job/task.ts';

const ends = ['succeeded', 'failed', 'cancelled'] as const;

const followers: Readonly<Record<TaskState['state'] | 'nothing', readonly TaskState['state'][]>> = {
  nothing: ['queued'],
  queued: ['running', 'queued', 'needs_review', ...ends],
  running: ['queued', 'waiting', 'needs_review', ...ends],
  waiting: ['queued', 'needs_review', ...ends],
  needs_review: ['queued', ...ends],
  succeeded: ['deleted'],
  failed: ['queued', 'deleted'],
  cancelled: ['queued', 'deleted'],
  deleted: [],
};

/** The promise that `after` breaks as the successor of `before`; undefined if none. `slack` in ms. */
export function violatedBy(
  before: TaskState | undefined,
  after: TaskState,
  detail: TaskDetail,
  slack: number,
): readonly [invariant: string, message: string] | undefined {
  const from = before?.state ?? 'nothing';
  if (!followers[from].includes(after.state)) return ['LegalTransition', `${from} → ${after.state}`];
  const { attempt, attemptsLost, of, run } = after;
  const { maxAttempts, maxLostAttempts } = of.policy;
  if (attempt > maxAttempts) return ['AttemptsBounded', `attempt ${attempt} of ${maxAttempts}`];
  if (attempt < 0) return ['AttemptsBounded', `attempt ${attempt}`];
  if (attemptsLost > maxLostAttempts) return ['LostAttemptsBounded', `${attemptsLost} of ${maxLostAttempts} lost`];
  if (isOpen(after) && !Number.isFinite(after.dueAt)) return ['OpenHasDueAt', `dueAt is ${after.dueAt}`];
  const goesOn = after.state === 'waiting' || after.state === 'queued';
  const retriedInVain = goesOn && !isFree(after) && (detail.error?.retryable === false || mustNot(after.reason));
  if (retriedInVain) return ['NotRetriedInVain', `${after.state} after ${detail.error?.code ?? after.reason}`];
  if (['MessageLost', 'SpecLost'].includes(after.reason)) return ['NothingLost', after.reason];
  if (before === undefined) return run === 1 ? undefined : ['RunsCount', `the first message is of run ${run}`];
  return run === before.run ? brokenInRun(before, after, slack) : brokenByNewRun(before, after);
}

function brokenByNewRun(before: TaskState, after: TaskState): readonly [string, string] | undefined {
  if (after.run !== before.run + 1) return ['RunsCount', `run ${before.run} → ${after.run}`];
  const asked = after.state === 'queued' && (after.reason === 'Retried' || after.reason === 'Tweaked');
  return asked ? undefined : ['TerminalIsFinal', `${before.state} → ${after.state} for ${after.reason}`];
}

function brokenInRun(before: TaskState, after: TaskState, slack: number): readonly [string, string] | undefined {
  if (after.state === 'deleted') return isOpen(before) ? ['LegalTransition', 'an open task was deleted'] : undefined;
  if (!isOpen(before)) return ['TerminalIsFinal', `${before.state} → ${after.state}`];
  if (after.state === 'running' && after.attempt !== before.attempt + 1) {
    return ['AttemptsBounded', `a claim of attempt ${after.attempt} after ${before.attempt}`];
  }
  if (after.attemptsLost < before.attemptsLost) return ['LostAttemptsBounded', 'a lost attempt was forgotten'];
  if (!isOpen(after)) return undefined;
  // A task that is already late keeps its delay; nothing else may move the end.
  const late = Math.max(0, after.since - before.dueAt);
  const later = latestEnd(after) - latestEnd(before) - late;
  if (later > slack)
    return ['EndNeverMoves', `the latest end moved by ${later} ms from ${before.state} to ${after.state}`];
  return undefined;
}

/** Another key or another target may do what this one could not. */
const isFree = ({ state, reason }: TaskState): boolean =>
  state === 'queued' && ['QuotaUnavailable', 'PermissionDenied', 'FellBack'].includes(reason);

const mustNot = (reason: string): boolean => catalogue[reason as ErrorCode]?.retryable === false;
