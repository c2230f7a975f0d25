// The ordered rules, and the one function that asks them. A new rule is a new file and a line here.

import type { Instant } from '../task.ts';
import { attemptTimeout } from './attemptTimeout.ts';
import { deadlineExceeded } from './deadlineExceeded.ts';
import { messageLost } from './messageLost.ts';
import { graceFor } from './overdue.ts';
import { queueTimeout } from './queueTimeout.ts';
import { retryDue } from './retryDue.ts';
import { reviewTimeout } from './reviewTimeout.ts';
import type { ObservedTask, Rule, Verdict, World } from './rule.ts';
import { runTimeout } from './runTimeout.ts';
import { taskOrphaned } from './taskOrphaned.ts';
import { workerLost } from './workerLost.ts';

export const rules: readonly Rule[] = [
  deadlineExceeded,
  queueTimeout,
  reviewTimeout,
  runTimeout,
  attemptTimeout,
  workerLost,
  taskOrphaned,
  retryDue,
  messageLost,
];

/** The first verdict of a rule that speaks; else nothing, until the moment at which time alone could change that. */
export function decide(seen: ObservedTask, world: World, now: Instant, random: number, ordered = rules): Verdict {
  for (const rule of ordered) {
    const verdict = rule(seen, world, now, random);
    if (verdict !== undefined) return verdict;
  }
  return { do: 'nothing', lookAgainAt: nextMoment(seen, world, now) };
}

/** The next moment at which a rule of time may speak. Silence and lost connections wake the controller by themselves. */
function nextMoment({ task }: ObservedTask, world: World, now: Instant): Instant {
  const due = task.dueAt + graceFor(task, world);
  const next = task.state === 'waiting' ? Math.min(task.retryAt, due) : due;
  return Math.max(next, now + 1);
}
