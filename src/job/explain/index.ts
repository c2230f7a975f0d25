// Explains to a person why a task is where it is, what will happen by itself and when, and what one can do. Pure: all that
// is known comes in as one observation.

import { budgetsAfter } from '../budgets.ts';
import { nextSteps, overdueSince, type NextStep } from './next.ts';
import type { Cause, Finding, Observation } from './observation.ts';
import { whyQueued } from './queued.ts';
import { whyRunning } from './running.ts';
import { howItEnded, titleOf, whyInReview, whyWaiting } from './settled.ts';
import { about } from './words.ts';
import { isOpen, type Budgets, type OpenTask } from '../task.ts';

export interface Explanation {
  readonly cause: Cause;
  /** One sentence, for the cause. */
  readonly summary: string;
  /** Further sentences: other obstacles, the last error. */
  readonly details: readonly string[];
  /** What to do, for a person; empty where nothing needs doing. */
  readonly advice: readonly string[];
  /** What happens by itself, the nearest first; empty for a finished task. */
  readonly next: readonly NextStep[];
  /** What is left now of the run's time, ms; null for a finished task. */
  readonly budgetsLeft: Budgets | null;
}

export function explain(seen: Observation): Explanation {
  const { task, now } = seen;
  const [first, ...others] = [...overdue(seen), ...findings(seen)] as [Finding, ...Finding[]];
  // Nothing else is worth doing while nobody moves the task.
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
      says: `It had to change ${about(now - since)} ago and nobody moved it`,
      advice: 'Check with `genwarden doctor` that a controller runs and leads: it moves overdue tasks.',
    },
  ];
}

/** Why the attempt before failed, where the state itself does not say so. */
function lastError({ task, error }: Observation): string[] {
  if (!isOpen(task) || (error === null && titleOf(task.reason) === undefined)) return [];
  const message = error === null ? `${task.reason}: ${titleOf(task.reason)}` : `${error.code}: ${error.message}`;
  const lost = task.attemptsLost > 0 ? ` (${lossesOf(task)})` : '';
  return [`The attempt before ended with ${message}${lost}`];
}

const lossesOf = ({ attemptsLost, of }: OpenTask): string =>
  `workers lost so far: ${attemptsLost}, at ${of.policy.maxLostAttempts} the task fails as PoisonPill`;
