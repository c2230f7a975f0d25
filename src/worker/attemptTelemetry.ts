// The log events and metrics of a worker's attempts.

import type { TaskError } from '../job/errors/index.ts';
import { isKeyFailure } from '../job/errors/failureKinds.ts';
import { targetOf } from '../job/target.ts';
import type { Spent, TaskState } from '../job/task.ts';
import { logEvent, type LogEvent, type LogEventFields } from '../telemetry/events.ts';
import { fallbackLabels, modelLabel } from '../telemetry/labels.ts';
import { observe } from '../telemetry/metrics.ts';
import type { WorkerOptions } from './options.ts';
import { isStorageFull } from './transientErrors.ts';
import type { Claim, Ending, Report } from './pipeline.ts';

/** What the attempt took. */
export interface Effort {
  readonly durationMs: number;
  /** By model: that of the task, and that of the check. */
  readonly paidBy: ReadonlyMap<string, Spent>;
}

export class AttemptTelemetry {
  readonly #options: WorkerOptions;

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  started({ state }: Claim): void {
    const { attempt, of } = state;
    this.#event('generation_started', state, {}, `Attempt ${attempt} of ${of.policy.maxAttempts} started`);
  }

  /** The attempt has ended, and its final write was answered or abandoned. */
  finished(claim: Claim, ending: Ending, report: Report | undefined, { durationMs, paidBy }: Effort): void {
    this.#count(claim, outcomeOf(report), durationMs, paidBy);
    if (ending.end === 'cancelled') {
      const message = `Stopped the attempt because the task no longer belongs to this worker (${ending.reason})`;
      return this.#event('generation_cancelled', claim.state, { reason: ending.reason, durationMs }, message);
    }
    if (ending.end === 'failed') this.#attemptFailed(claim, ending.error, durationMs);
    if (report !== undefined) this.#reported(claim, report, durationMs);
  }

  providerAnswered(model: string, code: string, usage?: { inputTokens: number; outputTokens: number }): void {
    const { metrics, provider } = this.#options;
    const labels = { provider: provider.name, model: this.#model(model) };
    metrics.providerRequests.inc({ ...labels, code });
    if (usage === undefined) return;
    metrics.tokens.inc({ ...labels, direction: 'input' }, usage.inputTokens);
    metrics.tokens.inc({ ...labels, direction: 'output' }, usage.outputTokens);
  }

  resultChecked(outcome: 'passed' | 'flagged' | 'failed'): void {
    const { metrics, pool } = this.#options;
    metrics.resultChecks.inc({ pool, outcome });
  }

  keyFailed({ code }: TaskError): void {
    if (isKeyFailure(code)) this.#options.metrics.keyCooldowns.inc({ pool: this.#options.pool, cause: code });
  }

  claimUnanswered(state: TaskState, err: unknown): void {
    const fields = { ...this.#fields(state), err };
    const level = isStorageFull(err) ? 'debug' : 'warn';
    this.#options.logger[level](fields, 'NATS did not confirm a claim; the task was returned to the queue');
  }

  writeFailed(state: TaskState, err: unknown): void {
    const message = isStorageFull(err)
      ? 'The storage of NATS is full; the worker keeps the final status until there is room'
      : 'NATS did not confirm the final status; the worker keeps it and will retry';
    this.#event('status_write_failed', state, { reason: state.reason, err }, message);
  }

  failedUnexpectedly(state: TaskState, err: unknown): void {
    this.#options.logger.error({ ...this.#fields(state), err }, 'An attempt failed unexpectedly');
  }

  #attemptFailed({ state }: Claim, { code, message }: TaskError, durationMs: number): void {
    const fields = { reason: code, durationMs };
    if (code === 'AttemptTimeout') this.#event('attempt_timeout', state, fields, message);
    if (code === 'RunTimeout') this.#event('run_timeout', state, fields, message);
  }

  #reported(claim: Claim, report: Report, durationMs: number): void {
    const { state, detail } = report.write;
    if (state.reason === 'FellBack' && isWritten(report))
      this.#options.metrics.fallbacks.inc(fallbackLabels(report.write));
    const fields = { reason: state.reason, attempt: claim.state.attempt, durationMs };
    if (report.outcome === 'unanswered') {
      return this.#event(
        'status_write_failed',
        state,
        fields,
        'The worker stopped before NATS confirmed its final status',
      );
    }
    if (report.outcome === 'refused') {
      const message = `The result was dropped because the task has a newer message (${report.by})`;
      return this.#event('status_write_refused', state, fields, message);
    }
    const late = report.outcome === 'adopted' ? ' (adopted after the task had been taken from this worker)' : '';
    this.#event(eventOf(state), state, fields, `${detail.message}${late}`);
  }

  #count({ state }: Claim, outcome: string, durationMs: number, paidBy: Effort['paidBy']): void {
    const { metrics, pool, provider } = this.#options;
    const of = (model: string) => ({ pool, provider: provider.name, model: this.#model(model) });
    const labels = { ...of(targetOf(state).model), outcome };
    metrics.attempts.inc(labels);
    observe(metrics.attemptDuration, labels, durationMs / 1_000);
    for (const [model, { calls, cost }] of paidBy) {
      if (calls > 0) metrics.paidCalls.inc({ ...of(model), outcome }, calls);
      if (cost !== undefined) metrics.cost.inc(of(model), cost);
    }
  }

  #model(model: string): string {
    const { models } = this.#options;
    return models === undefined ? model : modelLabel(model, models);
  }

  #event(event: LogEvent, state: TaskState, fields: LogEventFields, message: string): void {
    logEvent(this.#options.logger, event, { ...this.#fields(state), ...fields }, message);
  }

  #fields({ of, run, attempt, reason }: TaskState): LogEventFields {
    return { job: of.job, task: of.task, run, attempt, pool: of.pool, worker: this.#options.name, reason };
  }
}

const isWritten = ({ outcome }: Report): boolean => outcome === 'accepted' || outcome === 'adopted';

function outcomeOf(report: Report | undefined): string {
  // A cancelled attempt; the label is older than the name.
  if (report === undefined) return 'recalled';
  if (report.outcome === 'refused' || report.outcome === 'unanswered') return report.outcome;
  const { state } = report.write.state;
  return state === 'queued' ? 'requeued' : state;
}

function eventOf(state: TaskState): LogEvent {
  if (state.state === 'succeeded' || state.state === 'needs_review') return 'generation_completed';
  return state.state === 'queued' ? 'task_requeued' : 'generation_failed';
}
