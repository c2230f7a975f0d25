// What log lines about tasks have in common.

import type { Cancelled, Failed, OpenTask, TaskState } from '../task.ts';
import { traceIdOf } from '../trace.ts';
import { logEvent, type EventLogger } from './index.ts';

export interface TaskFields {
  readonly job: string;
  /** The index in the job. */
  readonly task: number;
  readonly run: number;
  readonly attempt: number;
  readonly pool: string;
  readonly reason: string;
  readonly traceId: string | undefined;
}

export function taskFields({ of, run, attempt, reason }: TaskState): TaskFields {
  return { job: of.job, task: of.task, run, attempt, pool: of.pool, reason, traceId: traceIdOf(of) };
}

/** What follows a failed or lost attempt, if another line says why the attempt ended. */
export function outcomeWords({ state, reason, attempt, of }: TaskState): string {
  const which = `attempt ${attempt} of ${of.policy.maxAttempts}`;
  if (state === 'failed') return `Failed with ${reason} after ${which}`;
  return state === 'queued' ? `Requeued after ${which}` : `Ended as ${state} after ${which}`;
}

/** Logs a task that a request ended: a cancel, or an operator who failed it as stuck. */
export function logEndedTask(
  logger: EventLogger,
  ended: { readonly before: OpenTask; readonly after: Cancelled | Failed; readonly message: string },
): void {
  const { before, after, message } = ended;
  const worker = before.state === 'running' ? before.worker : undefined;
  const fields = { ...taskFields(after), worker };
  logEvent(logger, after.state === 'cancelled' ? 'generation_cancelled' : 'generation_failed', fields, message);
}
