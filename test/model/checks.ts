// The invariants of the design: what must hold for every message that the stream accepts, and for every state.
import { taskErrors } from '../../src/job/errors/task.ts';
import type { TaskErrorCode } from '../../src/job/errors/index.ts';
import { violatedBy } from '../../src/controller/invariants.ts';
import { isDeepStrictEqual } from 'node:util';
import { lifetime } from '../../src/job/budgets.ts';
import { endedInVain } from '../../src/job/chains/parents.ts';
import { isHeld, isOpen, type TaskState } from '../../src/job/task.ts';
import type { Appended } from './step.ts';
import type { ModelState } from './state.ts';

export interface Broken {
  readonly check: string;
  readonly message: string;
}

/** The first invariant that a message violates. */
export function brokenByMessage(appended: Appended, { tasks }: ModelState): Broken | undefined {
  const {
    after: { state },
  } = appended;
  const parents = (state.of.after ?? []).map((task) => tasks[task]!.last.state);
  if (state.reason === 'DependencyFailed' && state.state === 'failed' && !parents.some(endedInVain))
    return { check: 'a task fails with another only if that one did', message: sentence(appended) };
  for (const [check, holds] of Object.entries(messageChecks)) {
    if (!holds(appended)) return { check, message: `#${appended.after.sequence}: ${sentence(appended)}` };
  }
  const [invariant] = violatedBy({
    before: appended.before,
    after: appended.after,
  });
  return invariant === undefined ? undefined : { check: invariant, message: sentence(appended) };
}

const sentence = ({ write, before, after }: Appended): string =>
  `${before.state.state} (${before.state.reason}) became ${after.state.state} (${after.state.reason}), by ${write.by}`;

const messageChecks: Readonly<Record<string, (appended: Appended) => boolean>> = {
  'one chain': ({ write, before }) => write.expected === before.sequence,
  'only known transitions': ({ before, after }) => isKnown(before.state, after.state),
  'adopted only while no worker runs it, in the same run': ({ write, before }) =>
    write.adoptsFor === 0 ||
    ((before.state.state === 'waiting' || before.state.state === 'queued') && before.state.run === write.adoptsFor),
  'open means dueAt, within deadline and budgets': ({ after }) => isDated(after.state),
  'budgets are only spent': ({ before, after }) =>
    after.state.run !== before.state.run || spendsOnly(before.state, after.state),
  'a lost worker is counted': ({ before, after }) => isLossCounted(before.state, after.state),
  'attempts only grow by claims': ({ before, after }) => isAttemptCounted(before.state, after.state),
  'targets only grow within a run': ({ before, after }) => growsOnly(before.state, after.state),
  'an open task has attempts and workers left': ({ after: { state } }) =>
    !isOpen(state) || state.attemptsLost < state.of.policy.maxLostAttempts,
  'no retry of what must not be retried': ({ after: { state } }) =>
    !(state.state === 'waiting' || state.state === 'queued') ||
    taskErrors[state.reason as TaskErrorCode]?.retryable !== false,
  'a time limit is named only when it is reached': ({ after }) => isLimitReached(after.state),
};

const follows: Readonly<Record<TaskState['state'], readonly TaskState['state'][]>> = {
  queued: ['queued', 'running', 'succeeded', 'needs_review', 'failed', 'cancelled'],
  running: ['queued', 'waiting', 'succeeded', 'needs_review', 'failed', 'cancelled'],
  waiting: ['queued', 'waiting', 'succeeded', 'needs_review', 'failed', 'cancelled'],
  needs_review: ['queued', 'succeeded', 'failed', 'cancelled'],
  succeeded: [],
  failed: ['queued', 'waiting'],
  cancelled: ['queued', 'waiting'],
  deleted: [],
};

/** A finished or reviewed task changes only by starting the next run; all others stay in their run. */
function isKnown(before: TaskState, after: TaskState): boolean {
  const endsRun = !isOpen(before) || before.state === 'needs_review';
  const nextRun = endsRun && (after.state === 'queued' || isHeld(after));
  if (after.state === 'waiting' && isHeld(after) !== (before.state !== 'running')) return false;
  if (isHeld(before) && !['queued', 'waiting', 'failed', 'cancelled'].includes(after.state)) return false;
  return follows[before.state].includes(after.state) && after.run === before.run + (nextRun ? 1 : 0);
}

function isDated(task: TaskState): boolean {
  if (!isOpen(task)) return true;
  const { budgets, since, of, dueAt } = task;
  if (isHeld(task)) return dueAt <= Math.min(of.expiresAt - lifetime(of.policy), of.deadline ?? Infinity);
  const longest = Math.max(budgets.queue, budgets.run, budgets.review);
  const attempt = task.state === 'running' ? of.policy.attemptTimeout : Infinity;
  return Number.isFinite(dueAt) && dueAt <= Math.min(since + longest, since + attempt, of.deadline ?? Infinity);
}

/** A late result names the target that made it. */
function growsOnly(before: TaskState, after: TaskState): boolean {
  if (after.run !== before.run) return after.target === undefined;
  const isResult = after.state === 'succeeded' || after.state === 'needs_review';
  return isResult || (after.target ?? 0) >= (before.target ?? 0);
}

const returnedFor = ['RateLimited', 'ProviderUnavailable'];

/** An attempt that failed because of a key or an outage spent the time for waiting, not for running. */
const wasReturned = (before: TaskState, after: TaskState): boolean =>
  before.state === 'running' && after.state === 'queued' && returnedFor.includes(after.reason);

function spendsOnly(before: TaskState, after: TaskState): boolean {
  if (isHeld(before)) {
    const late = after.state === 'queued' ? Math.max(0, after.since - before.dueAt) : 0;
    const queue = Math.max(0, before.budgets.queue - late);
    return isDeepStrictEqual(after.budgets, { ...before.budgets, queue });
  }
  const waited = before.state === 'queued' || wasReturned(before, after);
  const spent = waited ? 'queue' : before.state === 'needs_review' ? 'review' : 'run';
  const passed = Math.max(0, after.since - before.since);
  return (['queue', 'run', 'review'] as const).every((budget) => {
    const least = Math.max(0, before.budgets[budget] - (budget === spent ? passed : 0));
    return after.budgets[budget] === least;
  });
}

function isLossCounted(before: TaskState, after: TaskState): boolean {
  if (after.run !== before.run) return after.attemptsLost === 0;
  const isLoss = after.state === 'queued' && (after.reason === 'WorkerLost' || after.reason === 'TaskOrphaned');
  const inVain = after.state === 'failed' && ['PoisonPill', 'WorkerLost', 'TaskOrphaned'].includes(after.reason);
  return after.attemptsLost === before.attemptsLost + (isLoss || inVain ? 1 : 0);
}

function isAttemptCounted(before: TaskState, after: TaskState): boolean {
  if (after.run !== before.run) return after.attempt === 0;
  if (after.state === 'running') return after.attempt === before.attempt + 1;
  const freeOf = [...returnedFor, 'WorkerDrained', 'FellBack'];
  const free = before.state === 'running' && after.state === 'queued' && freeOf.includes(after.reason);
  return after.attempt === before.attempt - (free ? 1 : 0);
}

function isLimitReached({ state, reason, budgets, since, of }: TaskState): boolean {
  if (state !== 'failed') return true;
  switch (reason) {
    case 'QueueTimeout':
      return budgets.queue === 0;
    case 'RunTimeout':
      return budgets.run === 0;
    case 'ReviewTimeout':
      return budgets.review === 0;
    case 'DeadlineExceeded':
      return of.deadline !== null && since >= of.deadline;
    default:
      return true;
  }
}

/** A queued task whose spec was acknowledged would never be delivered; one that waits for others must not leave without them. */
export function brokenByState({ tasks }: ModelState): Broken | undefined {
  const early = tasks.findIndex(({ last: { state } }) => hasLeft(state) && !allSucceeded(state, tasks));
  if (early >= 0)
    return {
      check: 'a task runs only after all that it waits for',
      message: `task ${early} is ${tasks[early]!.last.state.state}`,
    };
  const index = tasks.findIndex(
    ({ last, queue }) => last.state.state === 'queued' && !queue.some(({ spec }) => spec.sequence === last.sequence),
  );
  if (index < 0) return undefined;
  return { check: 'the queue keeps what is queued', message: `the spec of task ${index} was acknowledged, unclaimed` };
}

const hasLeft = (state: TaskState): boolean =>
  !isHeld(state) && state.state !== 'failed' && state.state !== 'cancelled';

const allSucceeded = ({ of }: TaskState, tasks: ModelState['tasks']): boolean =>
  (of.after ?? []).every((task) => tasks[task]!.last.state.state === 'succeeded');
