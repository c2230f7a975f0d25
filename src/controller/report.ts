// What the log says of each verdict: the events that people search and alert on.

import type { Instant } from '../job/task.ts';
import { logEvent, type LogEvent, type LogEventFields } from '../telemetry/events.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Message } from './message.ts';
import type { Observed, Outcome } from './reconciler.ts';

export function reportOutcome(
  logger: Logger,
  { task }: Observed,
  { write, rule }: Message,
  outcome: Outcome,
  now: Instant,
): void {
  const fields: LogEventFields = {
    job: task.of.job,
    task: task.of.task,
    run: task.run,
    attempt: task.attempt,
    pool: task.of.pool,
    worker: task.state === 'running' ? task.worker : undefined,
    reason: write.state.reason,
    durationMs: now - task.since,
  };
  if (outcome.outcome === 'refused') {
    logEvent(logger, 'status_write_refused', fields, `A newer message overtook the verdict of ${rule}`);
    return;
  }
  if (outcome.outcome === 'failed') {
    const message = `The verdict of ${rule} could not be written; it is tried again`;
    logEvent(logger, 'status_write_failed', { ...fields, err: outcome.error }, message);
    return;
  }
  for (const event of eventsOf(rule, write.state.state)) logEvent(logger, event, fields, write.detail.message);
}

function eventsOf(rule: string, state: Message['write']['state']['state']): LogEvent[] {
  const cause: Record<string, LogEvent> = {
    WorkerLost: 'worker_lost',
    TaskOrphaned: 'worker_lost',
    RunTimeout: 'run_timeout',
    AttemptTimeout: 'attempt_timeout',
  };
  const events = cause[rule] === undefined ? [] : [cause[rule]];
  if (state === 'queued') events.push('task_requeued');
  if (state === 'failed') events.push('generation_failed');
  return events;
}
