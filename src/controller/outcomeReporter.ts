// Reports each write of the controller in logs and metrics.

import { GenwardenError } from '../job/errors/index.ts';
import { logEvent } from '../job/logEvents/index.ts';
import { loggedWords, ownWordsOf } from '../job/logEvents/ownWords.ts';
import { outcomeWords, taskFields } from '../job/logEvents/taskEvents.ts';
import type { Clock } from '../ports/clock.ts';
import { fromTaskKey, type TaskKey } from '../readmodel/taskKey.ts';
import type { WorkerDirectory } from '../readmodel/workerDirectory.ts';
import type { Logger } from '../telemetry/log.ts';
import type { JobMetrics } from './metrics/jobMetrics.ts';
import type { Message, Observed, Outcome } from './message.ts';
import type { OutageDetector } from './outageDetector.ts';

export interface OutcomeReporterOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: JobMetrics;
  readonly workers: WorkerDirectory;
  readonly outage: OutageDetector;
}

export class OutcomeReporter {
  readonly #options: OutcomeReporterOptions;

  constructor(options: OutcomeReporterOptions) {
    this.#options = options;
  }

  reconciled({ task }: Observed, message: Message, outcome: Outcome): void {
    const { metrics } = this.#options;
    metrics.reconciled(message.rule, outcome.outcome);
    this.#log(task, message, outcome);
    if (outcome.outcome === 'written' && message.write.state.reason === 'FellBack') metrics.fellBack(message.write);
  }

  /** A read or write failed; the reconciler will retry. */
  failed(key: TaskKey, error: unknown): void {
    const { outage, logger } = this.#options;
    const code = error instanceof GenwardenError ? error.code : undefined;
    if (code === 'Unavailable') outage.begin('writeFailed');
    // The log tells about full storage once.
    else if (code === 'StorageFull')
      logger.debug({ err: error, task: key }, 'There is no room for a status; will retry');
    else {
      const message = 'The controller failed to reconcile a task and will retry';
      logEvent(logger, 'task_reconcile_failed', { err: error, ...fromTaskKey(key) }, message);
    }
  }

  #log(task: Observed['task'], { write, rule }: Message, outcome: Outcome): void {
    const { logger, clock, workers } = this.#options;
    const fields = {
      ...taskFields(task),
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
    const { state, detail } = write;
    const { message, detail: words } = loggedWords(detail);
    const left = task.state === 'running' && workers.hasStopped(task.worker);
    const cause = left && rule === 'WorkerLost' ? 'worker_left' : causes[rule];
    const end = ends[state.state];
    if (cause !== undefined) {
      const why = end === undefined || detail.error === undefined ? message : ownWordsOf(detail.error);
      logEvent(logger, cause, fields, why);
    }
    if (end !== undefined)
      logEvent(logger, end, { ...fields, detail: words }, cause === undefined ? message : outcomeWords(state));
  }
}

/** Events that say why an attempt ended. */
const causes: Readonly<Record<string, 'worker_lost' | 'task_orphaned' | 'run_timeout' | 'attempt_timeout'>> = {
  WorkerLost: 'worker_lost',
  TaskOrphaned: 'task_orphaned',
  RunTimeout: 'run_timeout',
  AttemptTimeout: 'attempt_timeout',
};

const ends: Readonly<Record<string, 'task_requeued' | 'generation_failed'>> = {
  queued: 'task_requeued',
  failed: 'generation_failed',
};
