// The three time budgets of a run: which state spends which budget, and the `dueAt` that follows. "Never stuck" depends on
// this file.

import { attemptLimit, type Policy } from './policy.ts';
import type { Budgets, Instant, TaskIdentity, TaskState } from './task.ts';

type Dated = Pick<TaskState, 'state' | 'since' | 'budgets'> & {
  readonly retryAt?: Instant | null;
  readonly dueAt?: Instant;
};

/** The longest that one run of a task can take. */
export const lifetime = ({ queueTimeout, runTimeout, reviewTimeout, review }: Policy): number =>
  queueTimeout + runTimeout + (review === 'never' ? 0 : reviewTimeout);

export function fullBudgets(policy: Policy): Budgets {
  return { queue: policy.queueTimeout, run: policy.runTimeout, review: policy.reviewTimeout };
}

/** The remaining budgets of a task that leaves its state at `now`. A clock that went backwards spends nothing. */
export function budgetsAfter(task: Dated, now: Instant): Budgets {
  const spends = isHeldState(task) ? undefined : budgetOf(task.state);
  if (spends === undefined) return task.budgets;
  const spent = Math.max(0, now - task.since);
  return { ...task.budgets, [spends]: Math.max(0, task.budgets[spends] - spent) };
}

/** The time by which a state entered at `now` must change: the end of its budget, or the job's deadline if that is earlier. */
export function dueAt(
  state: 'queued' | 'running' | 'waiting' | 'needs_review',
  of: TaskIdentity,
  budgets: Budgets,
  now: Instant,
): Instant {
  const end = now + budgets[budgetOf(state)!];
  const attemptEnd = state === 'running' ? now + attemptLimit(of.policy) : Infinity;
  return Math.min(end, attemptEnd, of.deadline ?? Infinity);
}

/**
 * The latest time at which an open task will be terminal: when all of its remaining budgets are spent. Those of a held task
 * start once the tasks that it waits for have ended.
 */
export function latestEnd(task: Dated & { readonly of: TaskIdentity }): Instant {
  const { queue, run, review } = task.budgets;
  const untilReview = task.state === 'needs_review' ? 0 : queue + run;
  const inReview = task.of.policy.review !== 'never' || task.state === 'needs_review' ? review : 0;
  const start = isHeldState(task) ? task.dueAt! : task.since;
  return Math.min(start + untilReview + inReview, task.of.deadline ?? Infinity);
}

const isHeldState = ({ state, retryAt }: Dated): boolean => state === 'waiting' && retryAt === null;

function budgetOf(state: TaskState['state']): keyof Budgets | undefined {
  switch (state) {
    case 'queued':
      return 'queue';
    case 'running':
    case 'waiting':
      return 'run';
    case 'needs_review':
      return 'review';
    case 'succeeded':
    case 'failed':
    case 'cancelled':
    case 'deleted':
      return undefined;
    default:
      return state satisfies never;
  }
}
