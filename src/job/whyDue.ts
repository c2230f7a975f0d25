// Which limit a running attempt hits at its `dueAt`: the worker that ends it there says the same as the rules would.

import type { TaskErrorCode } from './errors/index.ts';
import type { Running } from './task.ts';

export function whyDue(task: Running): Extract<TaskErrorCode, 'DeadlineExceeded' | 'RunTimeout' | 'AttemptTimeout'> {
  if (task.dueAt === task.of.deadline) return 'DeadlineExceeded';
  if (task.dueAt === task.since + task.budgets.run) return 'RunTimeout';
  return 'AttemptTimeout';
}
