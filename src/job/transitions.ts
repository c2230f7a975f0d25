// One constructor per transition. Each accepts the old state and the time, and returns the new state. No other transition
// is possible. `requests/`, `rules/` and `retryOrFail.ts` decide which one to use.

import { budgetsAfter, dueAt, fullBudgets } from './budgets.ts';
import type { TaskErrorCode } from './errors/index.ts';
import { servingPool } from './target.ts';
import type {
  Cancelled,
  Deleted,
  Failed,
  Held,
  Instant,
  Lane,
  NeedsReview,
  OpenTask,
  Queued,
  Reason,
  Running,
  Succeeded,
  TaskBase,
  TaskIdentity,
  TaskState,
  TerminalTask,
  Waiting,
} from './task.ts';

/** A new task, queued for its first run. */
export function submitted(of: TaskIdentity): Queued {
  return freshRun(of, 1, of.submittedAt, 'Submitted');
}

/** A new task that waits for others, which will have ended by `due` at the latest. */
export function submittedHeld(of: TaskIdentity, due: Instant): Held {
  return heldRun(submitted(of), due);
}

/** All tasks that it waits for have succeeded. What they took longer than promised is taken from its own queue budget. */
export function released(task: Held, now: Instant): Queued {
  const late = Math.max(0, now - task.dueAt);
  const budgets = { ...task.budgets, queue: Math.max(0, task.budgets.queue - late) };
  return {
    ...carried(task),
    budgets,
    state: 'queued',
    lane: laneFor(task, 'own'),
    reason: 'DependenciesMet',
    since: now,
    queuedAt: now,
    dueAt: dueAt('queued', task.of, budgets, now),
  };
}

/** A task that it waits for has started another run, so it waits longer. */
export function extended(task: Held, due: Instant): Held {
  return { ...task, dueAt: Math.min(due, task.of.deadline ?? Infinity) };
}

/** A worker claims a queued task; `beat` is the number of its first heartbeat that lists the task. */
export function claimed(task: Queued, worker: string, beat: number, now: Instant): Running {
  const budgets = budgetsAfter(task, now);
  const due = dueAt('running', task.of, budgets, now);
  return {
    ...carried(task),
    budgets,
    state: 'running',
    reason: 'Claimed',
    worker,
    beat,
    attempt: task.attempt + 1,
    since: now,
    startedAt: now,
    dueAt: due,
  };
}

export function succeeded(task: Running, now: Instant): Succeeded {
  return { ...left(task, now), state: 'succeeded', reason: 'Succeeded', worker: task.worker, finishedAt: now };
}

export type ReviewReason = Extract<Reason, 'AwaitingReview' | 'Flagged' | 'CheckFailed'>;

export function toReview(task: Running, now: Instant, reason: ReviewReason = 'AwaitingReview'): NeedsReview {
  const base = left(task, now);
  return {
    ...base,
    state: 'needs_review',
    reason,
    worker: task.worker,
    dueAt: dueAt('needs_review', task.of, base.budgets, now),
  };
}

/** An attempt failed and another will follow at `retryAt`. */
export function waiting(task: Running, reason: TaskErrorCode, retryAt: Instant, now: Instant): Waiting {
  const base = left(task, now);
  return { ...base, state: 'waiting', reason, retryAt, dueAt: dueAt('waiting', task.of, base.budgets, now) };
}

export type AttemptCost = 'counts' | 'free' | 'lost';

/**
 * Requeues the task within the same run. `free` does not count the current attempt, `lost` counts its worker as lost.
 * Only a running task has a current attempt.
 */
export function requeued(task: Queued | Running | Waiting, reason: Reason, cost: AttemptCost, now: Instant): Queued {
  const base = left(task, now);
  return {
    ...base,
    state: 'queued',
    lane: laneFor(base, 'again'),
    reason,
    attempt: cost === 'free' && task.state === 'running' ? task.attempt - 1 : task.attempt,
    attemptsLost: cost === 'lost' ? task.attemptsLost + 1 : task.attemptsLost,
    dueAt: dueAt('queued', task.of, base.budgets, now),
  };
}

/**
 * Returns the task of an attempt that failed because of the provider or a key, not of the task. The attempt does not count,
 * and its time was spent waiting for the provider, so it is charged to the queue budget. The task goes to the lane of its
 * priority: in `again`, which is served first, it would overtake more urgent tasks.
 */
export function returned(task: Running, reason: Reason, now: Instant): Queued {
  const budgets = { ...task.budgets, queue: Math.max(0, task.budgets.queue - Math.max(0, now - task.since)) };
  const next = requeued(task, reason, 'free', now);
  return { ...next, budgets, lane: laneFor(next, 'own'), dueAt: dueAt('queued', task.of, budgets, now) };
}

/** Requeues the task for another of its targets; `target` is its number. */
export function fellBack(task: Queued | Running | Waiting, target: number, now: Instant): Queued {
  const next = requeued(task, 'FellBack', 'free', now);
  return { ...next, target, lane: laneFor({ ...next, target }, 'own') };
}

export function failed(task: OpenTask, reason: TaskErrorCode, now: Instant): Failed {
  return { ...left(task, now), state: 'failed', reason, worker: workerOf(task), finishedAt: now };
}

export function cancelled(task: OpenTask, now: Instant): Cancelled {
  return { ...left(task, now), state: 'cancelled', reason: 'Cancelled', worker: workerOf(task), finishedAt: now };
}

/**
 * A new run requested by a person: fresh budgets and attempts, in the lane of the job's priority. A tweak stays with the model
 * that made the earlier result; a retry starts with the job's own.
 */
export function newRun(task: TerminalTask | NeedsReview, reason: 'Retried' | 'Tweaked', now: Instant): Queued {
  const next = freshRun(task.of, task.run + 1, now, reason);
  const { spent, attemptSpan, target } = task;
  const kept = {
    ...next,
    ...(spent === undefined ? {} : { spent }),
    // The first attempt of the run links to the last one of the run before.
    ...(attemptSpan === undefined ? {} : { attemptSpan }),
  };
  if (reason !== 'Tweaked' || target === undefined) return kept;
  return { ...kept, target, lane: laneFor({ ...kept, target }, 'own') };
}

/** As `newRun`, for a task that waits for others, which will have ended by `due` at the latest. */
export function newHeldRun(task: TerminalTask, due: Instant, now: Instant): Held {
  return heldRun(newRun(task, 'Retried', now), due);
}

export function approved(task: NeedsReview, now: Instant): Succeeded {
  return { ...left(task, now), state: 'succeeded', reason: 'Approved', worker: task.worker, finishedAt: now };
}

export function rejected(task: NeedsReview, now: Instant): Failed {
  return { ...left(task, now), state: 'failed', reason: 'RejectedInReview', worker: task.worker, finishedAt: now };
}

export function deleted(task: TerminalTask, now: Instant): Deleted {
  return { ...carried(task), state: 'deleted', reason: 'Deleted', since: now, finishedAt: task.finishedAt };
}

function heldRun(run: Queued, due: Instant): Held {
  const end = Math.min(due, run.of.deadline ?? Infinity);
  return { ...carried(run), state: 'waiting', reason: 'AwaitingTasks', retryAt: null, dueAt: end };
}

function freshRun(of: TaskIdentity, run: number, now: Instant, reason: Reason): Queued {
  const budgets = fullBudgets(of.policy);
  const lane: Lane = of.priority;
  const base: TaskBase = {
    of,
    run,
    attempt: 0,
    attemptsLost: 0,
    budgets,
    since: now,
    queuedAt: now,
    startedAt: null,
    reason,
  };
  return { ...base, state: 'queued', lane, dueAt: dueAt('queued', of, budgets, now) };
}

/** The consumers of a pool's own lanes deliver only to that pool, so a task of another pool needs the guest lane. */
function laneFor(task: Pick<TaskBase, 'of' | 'target'>, lane: 'again' | 'own'): Lane {
  if (servingPool(task) !== task.of.pool) return 'guest';
  return lane === 'own' ? task.of.priority : 'again';
}

/** The fields that every transition within a run keeps. */
function carried(task: TaskState): TaskBase {
  const { of, target, spent, attemptSpan, part, run, attempt, attemptsLost, budgets, since, queuedAt } = task;
  const { startedAt, reason } = task;
  return {
    of,
    ...(target === undefined ? {} : { target }),
    ...(spent === undefined ? {} : { spent }),
    ...(attemptSpan === undefined ? {} : { attemptSpan }),
    ...(part === undefined ? {} : { part }),
    run,
    attempt,
    attemptsLost,
    budgets,
    since,
    queuedAt,
    startedAt,
    reason,
  };
}

/** Like `carried`, minus the time that the state spent until `now`. */
function left(task: OpenTask, now: Instant): TaskBase {
  return { ...carried(task), budgets: budgetsAfter(task, now), since: now };
}

function workerOf(task: OpenTask): string | null {
  return task.state === 'running' || task.state === 'needs_review' ? task.worker : null;
}
