// Adds up what a task's paid calls have used.

import { roundCost } from './money.ts';
import type { Running, Spent } from './task.ts';

export const nothingSpent: Spent = { calls: 0, inputTokens: 0, outputTokens: 0 };

/** The sum; its cost is absent if neither part has one. */
export function addSpent(one: Spent, other: Spent): Spent {
  const cost = one.cost === undefined && other.cost === undefined ? undefined : (one.cost ?? 0) + (other.cost ?? 0);
  return {
    calls: one.calls + other.calls,
    inputTokens: one.inputTokens + other.inputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    ...(cost === undefined ? {} : { cost: roundCost(cost) }),
  };
}

/** The task with what an attempt spent. An attempt that sent no call changes nothing. */
export const withSpent = (task: Running, paid: Spent): Running =>
  paid.calls === 0 ? task : { ...task, spent: addSpent(task.spent ?? nothingSpent, paid) };
