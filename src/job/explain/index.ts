// Explains why a task is in its state, what happens next and when, and what a person can do. Pure: everything known about
// the task comes in as one observation.

import { budgetsAfter } from '../budgets.ts';
import { nextSteps, type NextStep } from './next.ts';
import { overdueSince } from '../rules/timing.ts';
import type { Cause, Finding, Observation } from './observation.ts';
import { whyQueued } from './queued.ts';
import { whyRunning } from './running.ts';
import { howItEnded, titleOf, whyInReview, whyWaiting } from './settled.ts';
import { about, count } from './format.ts';
import { isOpen, type Budgets, type OpenTask } from '../task.ts';

export interface Explanation {
  readonly cause: Cause;
  /** One sentence about the cause. */
  readonly summary: string;
  /** Further sentences: other obstacles, the last error. */
  readonly details: readonly string[];
  /** What a person can do; empty where nothing needs doing. */
  readonly advice: readonly string[];
  /** What happens without intervention, the nearest first; empty for a finished task. */
  readonly next: readonly NextStep[];
  /** The time left of the run's budgets, ms; null for a finished task. */
  readonly budgetsLeft: Budgets | null;
}

export function explain(seen: Observation): Explanation {
  const { task, now } = seen;
  const [first, ...others] = [...overdue(seen), ...findings(seen)] as [Finding, ...Finding[]];
  // While no controller moves the task, other advice would not help.
  const advising = first.cause === 'Overdue' ? [first] : [first, ...others];
  return {
    cause: first.cause,
    summary: first.says,
    details: [...others.map(({ says }) => says), ...lastError(seen)],
    advice: advising.flatMap(({ advice }) => (advice === undefined || advice === '' ? [] : [advice])),
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
      return whyWaiting(task, seen);
    case 'needs_review':
      return whyInReview(task, seen);
    case 'succeeded':
    case 'failed':
    case 'cancelled':
      return howItEnded(task, seen);
    case 'deleted':
      return [{ cause: 'Deleted', says: 'Its job was deleted' }];
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
      says: `It should have changed ${about(now - since)} ago, but no controller moved it`,
      advice: 'Run `genwarden doctor` to check that a controller is running and leads: it moves overdue tasks.',
    },
  ];
}

/** Why the previous attempt failed, unless the state itself says it. */
function lastError({ task, error }: Observation): string[] {
  if (!isOpen(task) || (error === null && titleOf(task.reason) === undefined)) return [];
  const message = error === null ? `${task.reason}: ${titleOf(task.reason)}` : `${error.code}: ${error.message}`;
  const lost = task.attemptsLost > 0 ? ` (${lossesOf(task)})` : '';
  return [`The previous attempt ended with ${message}${lost}`];
}

const lossesOf = ({ attemptsLost, of }: OpenTask): string =>
  `${count(attemptsLost, 'worker')} lost so far; at ${of.policy.maxLostAttempts} the task fails as PoisonPill`;
