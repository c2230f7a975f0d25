// The rules in order, and the function that applies them. A new rule is a new file and a line here.

import type { Instant } from '../task.ts';
import { attemptTimeout } from './attemptTimeout.ts';
import { deadlineExceeded } from './deadlineExceeded.ts';
import { dependenciesMet } from './dependenciesMet.ts';
import { dependencyFailed } from './dependencyFailed.ts';
import { dependencyTimeout } from './dependencyTimeout.ts';
import { messageLost } from './messageLost.ts';
import { queueTimeout } from './queueTimeout.ts';
import { retryDue } from './retryDue.ts';
import { reviewTimeout } from './reviewTimeout.ts';
import type { ObservedTask, Rule, Verdict, World } from './rule.ts';
import { runTimeout } from './runTimeout.ts';
import { targetBlocked } from './targetBlocked.ts';
import { taskOrphaned } from './taskOrphaned.ts';
import { nextCheck } from './timing.ts';
import { workerLost } from './workerLost.ts';

export const rules: readonly Rule[] = [
  deadlineExceeded,
  dependencyFailed,
  dependenciesMet,
  dependencyTimeout,
  queueTimeout,
  reviewTimeout,
  runTimeout,
  attemptTimeout,
  targetBlocked,
  workerLost,
  taskOrphaned,
  retryDue,
  messageLost,
];

/** The verdict of the first rule that applies, or else when a timed rule may apply next. */
export function decide(seen: ObservedTask, world: World, now: Instant, random: number, ordered = rules): Verdict {
  for (const rule of ordered) {
    const verdict = rule(seen, world, now, random);
    if (verdict !== undefined) return verdict;
  }
  return { do: 'nothing', checkAgainAt: nextCheck(seen.task, world, now) };
}
