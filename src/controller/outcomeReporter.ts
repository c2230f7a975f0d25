// Reports each write of the controller in logs and metrics, and starts the timing of recoveries.

import { GenwardenError } from '../job/errors/index.ts';
import { latest, longAgo } from '../job/time.ts';
import type { Clock } from '../ports/clock.ts';
import { taskKey, type TaskKey } from '../readmodel/taskKey.ts';
import type { WorkerDirectory } from '../readmodel/workerDirectory.ts';
import { logEvent, type LogEvent, type LogEventFields } from '../telemetry/events.ts';
import type { Logger } from '../telemetry/log.ts';
import type { JobMetrics } from './jobMetrics.ts';
import type { Message, Observed, Outcome } from './message.ts';
import type { OutageDetector } from './outageDetector.ts';
import type { RecoveryTimes } from './recoveryTimes.ts';

export interface OutcomeReporterOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: JobMetrics;
  readonly workers: WorkerDirectory;
  readonly outage: OutageDetector;
  readonly recoveries: RecoveryTimes;
}

export class OutcomeReporter {
  readonly #options: OutcomeReporterOptions;

  constructor(options: OutcomeReporterOptions) {
    this.#options = options;
  }

  reconciled({ task, seenAt }: Observed, message: Message, outcome: Outcome): void {
    const { metrics, workers, recoveries } = this.#options;
    metrics.reconciled(message.rule, outcome.outcome);
    this.#log(task, message, outcome);
    if (outcome.outcome === 'written' && message.write.state.reason === 'FellBack') metrics.fellBack(message.write);
    if (outcome.outcome !== 'written' || task.state !== 'running') return;
    if (message.rule !== 'WorkerLost' && message.rule !== 'TaskOrphaned') return;
    const lastHeard = latest(seenAt, workers.heardAt(task.worker) ?? longAgo);
    recoveries.begin(taskKey(task.of.job, task.of.task), message.rule, lastHeard);
  }

  /** A read or write failed; the reconciler will retry. */
  failed(key: TaskKey, error: unknown): void {
    const { outage, logger } = this.#options;
    const code = error instanceof GenwardenError ? error.code : undefined;
    if (code === 'Unavailable') outage.begin('writeFailed');
    // The log tells about full storage once.
    else if (code === 'StorageFull') logger.debug({ err: error, key }, 'There is no room for a status; will retry');
    else logger.error({ err: error, key }, 'The controller failed to reconcile a task and will retry');
  }

  #log(task: Observed['task'], { write, rule }: Message, outcome: Outcome): void {
    const { logger, clock } = this.#options;
    const fields: LogEventFields = {
      job: task.of.job,
      task: task.of.task,
      run: task.run,
      attempt: task.attempt,
      pool: task.of.pool,
      worker: task.state === 'running' ? task.worker : undefined,
      reason: write.state.reason,
      durationMs: clock.now() - task.since,
    };
    if (outcome.outcome === 'refused') {
      const message = `The write for ${rule} was refused because the task has a newer message`;
      return logEvent(logger, 'status_write_refused', fields, message);
    }
    if (outcome.outcome === 'failed') {
      if (outcome.error instanceof GenwardenError && outcome.error.code === 'StorageFull') return;
      const message = `The write for ${rule} failed; the controller will retry`;
      return logEvent(logger, 'status_write_failed', { ...fields, err: outcome.error }, message);
    }
    for (const event of eventsOf(rule, write.state.state)) logEvent(logger, event, fields, write.detail.message);
  }
}

const causes: Readonly<Record<string, LogEvent>> = {
  WorkerLost: 'worker_lost',
  TaskOrphaned: 'worker_lost',
  RunTimeout: 'run_timeout',
  AttemptTimeout: 'attempt_timeout',
};

function eventsOf(rule: string, state: Message['write']['state']['state']): LogEvent[] {
  const cause = causes[rule];
  const events = cause === undefined ? [] : [cause];
  if (state === 'queued') events.push('task_requeued');
  if (state === 'failed') events.push('generation_failed');
  return events;
}
