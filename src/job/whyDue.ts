// The limit that a running attempt reaches at its `dueAt`, so that the worker reports the same error as the rules.

import type { TaskErrorCode } from './errors/index.ts';
import type { Running } from './task.ts';

export function whyDue(task: Running): Extract<TaskErrorCode, 'DeadlineExceeded' | 'RunTimeout' | 'AttemptTimeout'> {
  if (task.dueAt === task.of.deadline) return 'DeadlineExceeded';
  if (task.dueAt === task.since + task.budgets.run) return 'RunTimeout';
  return 'AttemptTimeout';
}
