// Finds a task of a job as an address names it: by its index, else by its name.

import { GenwardenError } from '../job/errors/index.ts';
import type { JobRecord, TaskRecord } from '../ports/jobLog.ts';

/** Throws `TaskNotFound`. A number is an index where the job has such a task, and a name otherwise. */
export function findTask(record: JobRecord, task: string): TaskRecord {
  const byIndex = /^(0|[1-9]\d{0,2})$/.test(task) ? record.tasks[Number(task)] : undefined;
  const found = byIndex ?? record.tasks.find(({ last }) => last.state.of.name === task);
  if (found === undefined) throw new GenwardenError('TaskNotFound', `Job ${record.job} has no task ${task}`);
  return found;
}
