// Fails tasks that a person gave up, each only if it still is exactly where that person saw it.

import { GenwardenError, taskError } from '../../job/errors/index.ts';
import type { JobId, TaskIndex } from '../../job/ids.ts';
import { isOpen, type Sequence, type StatusWrite } from '../../job/task.ts';
import { failed } from '../../job/transitions.ts';
import type { DetailedEntry } from '../../ports/jobLog.ts';
import { logEvent } from '../../telemetry/events.ts';
import { changeTask } from '../changeTasks.ts';
import { readJob } from '../readJob.ts';
import type { ApiContext } from '../../api/options.ts';

export interface SeenTask {
  readonly job: JobId;
  readonly task: TaskIndex;
  /** That of its last message when the person saw it. */
  readonly sequence: Sequence;
}

/** `changed`: it moved since it was seen, and was left alone. */
export type FixOutcome = 'failed' | 'changed' | 'notFound';

/** Throws `Unavailable` when NATS is away; earlier tasks of the list may have been failed by then. */
export async function failStuck(
  context: ApiContext,
  tenantOf: (job: JobId) => string,
  seen: SeenTask,
  by: string,
): Promise<FixOutcome> {
  const record = await readJob(context, tenantOf(seen.job), seen.job).catch(orMissing);
  const task = record?.tasks[seen.task];
  if (task === undefined) return 'notFound';
  const { over } = await changeTask(context, task, (last) => failureOf(last, seen, by, context.clock.now()));
  if (over === undefined) return 'changed';
  tell(context, over, by);
  return 'failed';
}

function orMissing(error: unknown): undefined {
  if (error instanceof GenwardenError && error.code === 'JobNotFound') return undefined;
  throw error;
}

function failureOf(
  { state, sequence }: DetailedEntry,
  seen: SeenTask,
  by: string,
  now: number,
): StatusWrite | undefined {
  if (sequence !== seen.sequence || !isOpen(state)) return undefined;
  const message = `Ended by ${by} while it was ${state.state} (${state.reason})`;
  return {
    state: failed(state, 'FailedByOperator', now),
    detail: { message, error: taskError('FailedByOperator', message) },
  };
}

function tell({ heartbeats, logger }: ApiContext, { state, sequence }: DetailedEntry, by: string): void {
  const { job, task, pool } = state.of;
  const worker = state.state === 'running' ? state.worker : undefined;
  if (worker !== undefined) heartbeats.recall(worker, { job, task, claim: sequence, reason: 'FailedByOperator' });
  const { run, attempt } = state;
  const fields = { job, task, pool, run, attempt, worker, reason: 'FailedByOperator' };
  logEvent(logger, 'generation_failed', fields, `Ended by ${by} as stuck`);
}
