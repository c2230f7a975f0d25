// What happens next to an open task if nothing else changes it, and when: the timed rules in sentences, nearest first.

import { timedRules, type TimedRule } from '../rules/timing.ts';
import type { Instant, OpenTask } from '../task.ts';
import { at } from './format.ts';

export interface NextStep extends TimedRule {
  /** One sentence. */
  readonly says: string;
}

export function nextSteps(task: OpenTask, now: Instant): NextStep[] {
  return timedRules(task).map((step) => ({ ...step, says: sentence(step, task, now) }));
}

function sentence({ rule, at: moment }: TimedRule, task: OpenTask, now: Instant): string {
  const isDue = moment <= now;
  if (rule === 'RetryDue') return isDue ? 'It is due to be requeued' : `It is requeued ${at(moment, now)}`;
  if (rule !== 'AttemptTimeout') {
    return isDue
      ? `It is due to fail with ${rule}`
      : `Unless it changes first, it fails with ${rule} ${at(moment, now)}`;
  }
  const { maxAttempts } = task.of.policy;
  const then = task.attempt < maxAttempts ? 'is retried if its run has time left' : 'fails: this is its last attempt';
  return isDue
    ? `The attempt is due to end with ${rule}; then the task ${then}`
    : `Without a result, attempt ${task.attempt} of ${maxAttempts} ends with ${rule} ${at(moment, now)}; then the task ${then}`;
}
