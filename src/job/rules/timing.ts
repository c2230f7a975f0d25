// The rules that depend on time alone, and when they apply. Both the controller's schedule and the explanations of what
// happens next derive from here.

import { isHeld, type Instant, type OpenTask } from '../task.ts';
import { whyDue } from '../whyDue.ts';
import type { World } from './rule.ts';

/** How long a live worker has to report the end of its attempt before the controller acts, ms. */
export const reportGrace = 500;
/** How much later than the tasks that it waits for a held task may end, ms, so that their own ends come first. */
const parentGrace = 1_000;
/** ms past `retryAt` after which a waiting task counts as overdue: a healthy controller requeues it well before. */
const retryGrace = 5_000;
/** ms past `dueAt` and the grace period, within which a working controller always acts on a task. */
const overdueSlack = 5_000;

/** A rule that will act on a task at `at` unless something else changes the task first. */
export interface TimedRule {
  /** The rule's name in metrics and logs. */
  readonly rule: string;
  readonly at: Instant;
}

/** The timed rules of an open task, soonest first. */
export function timedRules(task: OpenTask): readonly TimedRule[] {
  const isDeadline = task.dueAt === task.of.deadline;
  switch (task.state) {
    case 'queued':
      return [{ rule: isDeadline ? 'DeadlineExceeded' : 'QueueTimeout', at: task.dueAt }];
    case 'running':
      return [{ rule: whyDue(task), at: task.dueAt }];
    case 'waiting':
      if (task.retryAt === null)
        return [{ rule: isDeadline ? 'DeadlineExceeded' : 'DependencyTimeout', at: task.dueAt }];
      return [
        { rule: 'RetryDue', at: task.retryAt },
        { rule: isDeadline ? 'DeadlineExceeded' : 'RunTimeout', at: task.dueAt },
      ];
    case 'needs_review':
      return [{ rule: isDeadline ? 'DeadlineExceeded' : 'ReviewTimeout', at: task.dueAt }];
    default:
      return task satisfies never;
  }
}

/** How long after a due time the controller leaves a task in this state alone, ms. */
export function graceFor(task: OpenTask, world: Pick<World, 'grace'>): number {
  if (isHeld(task) && task.dueAt !== task.of.deadline) return world.grace + parentGrace;
  return Math.max(world.grace, task.state === 'running' ? reportGrace : 0);
}

/** Whether `moment` has passed, including the grace period. */
export function isPast(moment: Instant, task: OpenTask, world: World, now: Instant): boolean {
  return now >= moment + graceFor(task, world);
}

/** When a timed rule may act next, always after `now`. Silent workers and lost connections wake the controller separately. */
export function nextCheck(task: OpenTask, world: Pick<World, 'grace'>, now: Instant): Instant {
  const due = task.dueAt + graceFor(task, world);
  const next = task.state === 'waiting' && task.retryAt !== null ? Math.min(task.retryAt, due) : due;
  return Math.max(next, now + 1);
}

/**
 * When a new task needs its first check, outside an outage. The moment may have passed. The tasks that a held one waits for
 * may have ended already.
 */
export const firstCheck = (task: OpenTask): Instant =>
  isHeld(task) ? task.since : nextCheck(task, { grace: 0 }, -Infinity);

/** For explanations: when a controller should have acted on the task; undefined if the task is not overdue. */
export function overdueSince(task: OpenTask, now: Instant): Instant | undefined {
  if (isHeld(task)) return now > task.dueAt + parentGrace + retryGrace ? task.dueAt : undefined;
  if (task.state === 'waiting' && now > task.retryAt + retryGrace) return task.retryAt;
  return now > task.dueAt + 2 * reportGrace ? task.dueAt : undefined;
}

/** Overdue for so long that only a missing or broken controller explains it. */
export function isLongOverdue(task: OpenTask, world: World, now: Instant): boolean {
  return now > task.dueAt + graceFor(task, world) + overdueSlack;
}
