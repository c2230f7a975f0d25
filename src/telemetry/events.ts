// The log events for searches and alerts. Their names are part of the public interface.

import type { Logger } from 'pino';
import type { Cancelled, Failed, OpenTask } from '../job/task.ts';

const levels = {
  generation_started: 'info',
  generation_completed: 'info',
  generation_failed: 'warn',
  generation_cancelled: 'info',
  attempt_timeout: 'warn',
  run_timeout: 'warn',
  worker_lost: 'warn',
  task_requeued: 'info',
  status_write_refused: 'warn',
  status_write_failed: 'error',
} as const satisfies Record<string, 'info' | 'warn' | 'error'>;

export type LogEvent = keyof typeof levels;

export const logEvents = Object.keys(levels) as readonly LogEvent[];

export interface LogEventFields {
  readonly job?: string | undefined;
  /** The index in the job. */
  readonly task?: number | string | undefined;
  readonly run?: number | undefined;
  readonly attempt?: number | undefined;
  readonly pool?: string | undefined;
  readonly worker?: string | undefined;
  /** A code of the error catalogue, or another cause. */
  readonly reason?: string | undefined;
  /** Milliseconds. */
  readonly durationMs?: number | undefined;
  readonly err?: unknown;
}

/** Logs an event at its level; `message` is for people. */
export function logEvent(logger: Logger, event: LogEvent, fields: LogEventFields, message: string): void {
  logger[levels[event]]({ event, ...fields }, message);
}

/** Logs a task that a request ended: a cancel, or an operator who failed it as stuck. */
export function logEndedTask(
  logger: Logger,
  ended: { readonly before: OpenTask; readonly after: Cancelled | Failed; readonly message: string },
): void {
  const { before, after, message } = ended;
  const { job, task, pool } = after.of;
  const worker = before.state === 'running' ? before.worker : undefined;
  const fields = { job, task, pool, run: after.run, attempt: after.attempt, worker, reason: after.reason };
  logEvent(logger, after.state === 'cancelled' ? 'generation_cancelled' : 'generation_failed', fields, message);
}
