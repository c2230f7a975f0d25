// Fails a task that an operator gave up as stuck.

import { GenwardenError } from '../../job/errors/index.ts';
import type { JobId, TaskIndex } from '../../job/ids.ts';
import { failStuckTask } from '../../job/requests/failStuck.ts';
import type { Sequence } from '../../job/task.ts';
import type { CancelContext } from '../cancel.ts';
import { changeTask } from '../changeTasks.ts';
import { reportEnd } from '../reportEnd.ts';
import { readJob } from '../read.ts';

export interface SeenTask {
  readonly job: JobId;
  readonly task: TaskIndex;
  /** Of the task's last message when the operator saw it. */
  readonly sequence: Sequence;
}

/** `changed`: the task moved after the operator saw it, and was left alone. */
export type FailOutcome = 'failed' | 'changed' | 'notFound';

/** Throws `Unavailable` when NATS is away. `by` is the operator's name. */
export async function failStuck(
  context: CancelContext,
  tenant: string,
  seen: SeenTask,
  by: string,
): Promise<FailOutcome> {
  const record = await readJob(context, tenant, seen.job).catch(orMissing);
  const task = record?.tasks[seen.task];
  if (task === undefined) return 'notFound';
  const change = await changeTask(context, task, (last) => failStuckTask(last, seen.sequence, by, context.clock.now()));
  reportEnd(context, change);
  return change.over === undefined ? 'changed' : 'failed';
}

function orMissing(error: unknown): undefined {
  if (error instanceof GenwardenError && error.code === 'JobNotFound') return undefined;
  throw error;
}
