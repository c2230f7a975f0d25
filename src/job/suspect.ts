// Which tasks may be what kills their workers. A worker runs such a task alone: another loss then harms no other task, and another
// task's crash cannot be what this one fails for.

import type { OpenTask } from './task.ts';

/** Losses in one run after which a task is a suspect, whatever its policy. */
const enough = 2;

/** Also a task that lost a worker and would fail at the next loss. */
export function isSuspect({ of: { policy }, attempt, attemptsLost }: OpenTask): boolean {
  if (attemptsLost === 0) return false;
  const isLastChance = attemptsLost + 1 >= policy.maxLostAttempts || attempt + 1 >= policy.maxAttempts;
  return isLastChance || attemptsLost >= enough;
}
