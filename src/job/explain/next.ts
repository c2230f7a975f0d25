// What time alone will do to an open task, and when: the rules that wait for it, first the nearest.

import type { Instant, OpenTask, Running } from '../task.ts';
import { whyDue } from '../whyDue.ts';
import { reportGrace } from '../rules/overdue.ts';
import { at } from './format.ts';

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
        { at: task.retryAt, rule: 'RetryDue', says: queuedAgain(task.retryAt, now) },
        failing(task, task.dueAt === task.of.deadline ? 'DeadlineExceeded' : 'RunTimeout', now),
      ];
    case 'needs_review':
      return [failing(task, task.dueAt === task.of.deadline ? 'DeadlineExceeded' : 'ReviewTimeout', now)];
    default:
      return task satisfies never;
  }
}

/** ms after which a retry that is due shows that nobody queues it. */
const retryGrace = 5_000;

/** Since when a controller should have moved it, with the time that a live worker gets to say so itself; undefined while none should. */
export function overdueSince(task: OpenTask, now: Instant): Instant | undefined {
  if (task.state === 'waiting' && now > task.retryAt + retryGrace) return task.retryAt;
  return now > task.dueAt + 2 * reportGrace ? task.dueAt : undefined;
}

const queuedAgain = (retryAt: Instant, now: Instant): string =>
  retryAt <= now ? 'It is due to be queued again' : `It is queued again ${at(retryAt, now)}`;

function failing(task: OpenTask, rule: string, now: Instant): NextStep {
  if (task.dueAt <= now) return { at: task.dueAt, rule, says: `It is due to fail with ${rule}` };
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
  if (task.dueAt <= now)
    return { at: task.dueAt, rule, says: `The attempt is due to end with ${rule}; the task then ${then}` };
  const says = `Without a result the attempt (${task.attempt} of ${maxAttempts}) ends with ${rule} ${at(task.dueAt, now)} and the task ${then}`;
  return { at: task.dueAt, rule, says };
}
