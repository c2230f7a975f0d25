// Explains why a task is in its state, what happens next and when, and what a person can do. Pure: all facts about the task
// are passed in as one observation.

import { budgetsAfter } from '../budgets.ts';
import { about } from '../duration.ts';
import { overdueSince, timedRules, type TimedRule } from '../rules/timing.ts';
import { isHeld, isOpen, type Budgets, type OpenTask, type Instant } from '../task.ts';
import { count, at } from './format.ts';
import type { Cause, Finding, Observation } from './observation.ts';
import { whyQueued } from './queued.ts';
import { whyRunning } from './running.ts';
import { whyHeld } from './held.ts';
import { heldByStorage } from './storage.ts';
import { howItEnded, titleOf, whyInReview, whyWaiting } from './settled.ts';

export interface Explanation {
  readonly cause: Cause;
  /** One sentence about the cause. */
  readonly summary: string;
  /** Further sentences: other obstacles, the last error. */
  readonly details: readonly string[];
  /** What a person can do; empty if nothing needs doing. */
  readonly advice: readonly string[];
  /** What happens without intervention, soonest first; empty for a finished task. */
  readonly next: readonly NextStep[];
  /** The time left of the run's budgets, ms; null for a finished task. */
  readonly budgetsLeft: Budgets | null;
}

export function explain(seen: Observation): Explanation {
  const { task, now } = seen;
  const held = heldByStorage(seen);
  const [first, ...others] = [...(held === undefined ? overdue(seen) : [held]), ...findings(seen)] as [
    Finding,
    ...Finding[],
  ];
  // While nothing can be stored, or no controller moves the task, other advice would not help.
  const advised = first.cause === 'Overdue' || held !== undefined ? [first] : [first, ...others];
  return {
    cause: first.cause,
    summary: first.summary,
    details: [...others.map(({ summary }) => summary), ...lastError(seen)],
    advice: advised.flatMap(({ advice }) => (advice === undefined || advice === '' ? [] : [advice])),
    next: isOpen(task) ? nextSteps(task, now) : [],
    budgetsLeft: isOpen(task) ? budgetsAfter(task, now) : null,
  };
}

function findings(seen: Observation): Finding[] {
  const { task } = seen;
  switch (task.state) {
    case 'queued':
      return whyQueued(task, seen);
    case 'running':
      return whyRunning(task, seen);
    case 'waiting':
      return isHeld(task) ? whyHeld(task, seen) : whyWaiting(task, seen);
    case 'needs_review':
      return whyInReview(task, seen);
    case 'succeeded':
    case 'failed':
    case 'cancelled':
      return howItEnded(task, seen);
    case 'deleted':
      return [{ cause: 'Deleted', summary: 'Its job was deleted' }];
    default:
      return task satisfies never;
  }
}

function overdue({ task, now }: Observation): Finding[] {
  const since = isOpen(task) ? overdueSince(task, now) : undefined;
  if (since === undefined) return [];
  return [
    {
      cause: 'Overdue',
      summary: `It should have changed ${about(now - since)} ago, but no controller moved it`,
      advice: 'Run `genwarden doctor` to check that a controller is running and leads: it moves overdue tasks.',
    },
  ];
}

/** Why the previous attempt failed, unless the state itself shows it. */
function lastError({ task, error }: Observation): string[] {
  if (!isOpen(task)) return [];
  if (error === null && titleOf(task.reason) === undefined)
    return task.attemptsLost > 0 ? [`An earlier attempt lost its worker (${lossesOf(task)})`] : [];
  const message = error === null ? `${task.reason}: ${titleOf(task.reason)}` : `${error.code}: ${error.message}`;
  const lost = task.attemptsLost > 0 ? ` (${lossesOf(task)})` : '';
  return [`The previous attempt ended with ${message}${lost}`];
}

const lossesOf = ({ attemptsLost, of }: OpenTask): string =>
  `${count(attemptsLost, 'worker')} lost so far; at ${of.policy.maxLostAttempts} the task fails as PoisonPill`;

interface NextStep extends TimedRule {
  /** One sentence. */
  readonly says: string;
}

/**
 * What happens next to an open task if nothing else changes it, and when: the timed rules in sentences, nearest first.
 */
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
