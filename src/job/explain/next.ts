// What time alone will do to an open task, and when: the rules that wait for it, first the nearest.

import type { Instant, OpenTask, Running } from '../task.ts';
import { whyDue } from '../whyDue.ts';
import { reportGrace } from '../rules/overdue.ts';
import { at } from './words.ts';

export interface NextStep {
  readonly at: Instant;
  /** The rule that acts then, as in the metrics and the logs. */
  readonly rule: string;
  /** One sentence. */
  readonly says: string;
}

export function nextSteps(task: OpenTask, now: Instant): NextStep[] {
  switch (task.state) {
    case 'queued':
      return [failing(task, task.dueAt === task.of.deadline ? 'DeadlineExceeded' : 'QueueTimeout', now)];
    case 'running':
      return [endOfAttempt(task, now)];
    case 'waiting':
      return [
        { at: task.retryAt, rule: 'RetryDue', says: `It is queued again ${at(task.retryAt, now)}` },
        failing(task, task.dueAt === task.of.deadline ? 'DeadlineExceeded' : 'RunTimeout', now),
      ];
    case 'needs_review':
      return [failing(task, task.dueAt === task.of.deadline ? 'DeadlineExceeded' : 'ReviewTimeout', now)];
    default:
      return task satisfies never;
  }
}

/** Is it past the moment by which it had to change, with the time that a live worker gets to say so itself? */
export const isOverdue = (task: OpenTask, now: Instant): boolean => now > task.dueAt + 2 * reportGrace;

function failing(task: OpenTask, rule: string, now: Instant): NextStep {
  return {
    at: task.dueAt,
    rule,
    says: `Unless something happens before, it fails with ${rule} ${at(task.dueAt, now)}`,
  };
}

function endOfAttempt(task: Running, now: Instant): NextStep {
  const rule = whyDue(task);
  if (rule !== 'AttemptTimeout') return failing(task, rule, now);
  const { maxAttempts } = task.of.policy;
  const then =
    task.attempt < maxAttempts ? 'is tried again if its run has time left' : 'fails, as this attempt is the last';
  const says = `Without a result the attempt (${task.attempt} of ${maxAttempts}) ends with ${rule} ${at(task.dueAt, now)} and the task ${then}`;
  return { at: task.dueAt, rule, says };
}
