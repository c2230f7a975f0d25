// Which message may follow which in a task's log, stated independently of the code that writes them.

import { latestEnd } from '../../../src/job/budgets.ts';
import { catalogue, type ErrorCode } from '../../../src/job/errors/index.ts';
import { isOutageCode } from './calls.ts';
import { isHeld, isOpen, type TaskDetail, type TaskState } from '../../../src/job/task.ts';

const ends = ['succeeded', 'failed', 'cancelled'] as const;

const followers: Readonly<Record<TaskState['state'] | 'nothing', readonly TaskState['state'][]>> = {
  nothing: ['queued', 'waiting'],
  queued: ['running', 'queued', 'needs_review', ...ends],
  running: ['queued', 'waiting', 'needs_review', ...ends],
  waiting: ['queued', 'waiting', 'needs_review', ...ends],
  needs_review: ['queued', ...ends],
  succeeded: ['deleted'],
  failed: ['queued', 'waiting', 'deleted'],
  cancelled: ['queued', 'waiting', 'deleted'],
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
  const waits = after.state === 'waiting' && isHeld(after) !== (from !== 'running');
  const leaves = before !== undefined && isHeld(before) && after.state === 'needs_review';
  if (waits || leaves || (before !== undefined && isHeld(before) && after.state === 'succeeded'))
    return ['LegalTransition', `${from} → ${after.state} of a held task`];
  const { attempt, attemptsLost, of, run } = after;
  const { maxAttempts, maxLostAttempts } = of.policy;
  if (attempt > maxAttempts) return ['AttemptsBounded', `attempt ${attempt} of ${maxAttempts}`];
  if (attempt < 0) return ['AttemptsBounded', `attempt ${attempt}`];
  if (attemptsLost > maxLostAttempts) return ['LostAttemptsBounded', `${attemptsLost} of ${maxLostAttempts} lost`];
  if (isOpen(after) && !Number.isFinite(after.dueAt)) return ['OpenHasDueAt', `dueAt is ${after.dueAt}`];
  const goesOn = after.state === 'waiting' || after.state === 'queued';
  const retriedInVain =
    goesOn && !mayGoOn(before, after, detail) && (detail.error?.retryable === false || mustNot(after.reason));
  if (retriedInVain) return ['NotRetriedInVain', `${after.state} after ${detail.error?.code ?? after.reason}`];
  if (['MessageLost', 'SpecLost'].includes(after.reason)) return ['NothingLost', after.reason];
  if (before === undefined) return run === 1 ? undefined : ['RunsCount', `the first message is of run ${run}`];
  if (run !== before.run) return brokenByNewRun(before, after);
  return brokenInRun(before, after, slack) ?? brokenInOutage(before, after, detail, slack);
}

/** Another target, or another key of the same pool, may still serve the task. */
function mayGoOn(before: TaskState | undefined, after: TaskState, { error }: TaskDetail): boolean {
  const byOtherKey = ['PermissionDenied', 'QuotaUnavailable'].includes(after.reason) && error?.retryable === true;
  return byOtherKey || (after.target ?? 0) > (before?.target ?? 0);
}

function brokenByNewRun(before: TaskState, after: TaskState): readonly [string, string] | undefined {
  if (after.run !== before.run + 1) return ['RunsCount', `run ${before.run} → ${after.run}`];
  // A tweak stays with the model that made the earlier result.
  const target = after.reason === 'Tweaked' ? before.target : undefined;
  if (after.target !== target) return ['TargetsOnlyGrow', `run ${after.run} starts with target ${after.target}`];
  if (isHeld(after)) return undefined;
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
  const [from, to] = [before.target ?? 0, after.target ?? 0];
  const stays = before.state !== 'queued' && to === from;
  if (after.state === 'queued' && after.reason === 'FellBack' && stays) return ['TargetsOnlyGrow', `to ${to} again`];
  // A late result names the target that made it.
  const isResult = after.state === 'succeeded' || after.state === 'needs_review';
  if (to < from && !isResult) return ['TargetsOnlyGrow', `${after.reason} moved it from target ${from} to ${to}`];
  // Others that it waits for have started another run.
  if (!isOpen(after) || isHeld(after)) return undefined;
  // A task that is already late keeps its delay; nothing else may move the end.
  const late = Math.max(0, after.since - before.dueAt);
  const later = latestEnd(after) - latestEnd(before) - late;
  if (later > slack)
    return ['EndNeverMoves', `the latest end moved by ${later} ms from ${before.state} to ${after.state}`];
  return undefined;
}

/** An outage costs no attempt, and a task that waits for its end fails only when its time is up. */
function brokenInOutage(
  before: TaskState,
  after: TaskState,
  { error }: TaskDetail,
  slack: number,
): readonly [string, string] | undefined {
  if (
    before.state === 'running' &&
    after.state === 'queued' &&
    error?.outage === true &&
    after.attempt >= before.attempt
  )
    return ['OutagesAreFree', `attempt ${before.attempt} of a known outage counts`];
  if (after.state !== 'failed' || !isOpen(before) || before.of.policy.onOutage === 'fail') return undefined;
  const isOutage = before.state === 'running' ? error?.outage === true : isOutageCode(after.reason);
  if (!isOutage) return undefined;
  const passed = after.since - before.since;
  const { queue, run } = before.budgets;
  const limit = before.state === 'running' ? Math.min(queue, run) : before.dueAt - before.since;
  const left = Math.min(limit - passed, (before.of.deadline ?? Infinity) - after.since);
  return left > slack ? ['OutagesOnlyDelay', `it failed with ${after.reason} and ${left} ms left`] : undefined;
}

const mustNot = (reason: string): boolean => catalogue[reason as ErrorCode]?.retryable === false;
