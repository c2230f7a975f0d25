// The log events and metrics of a worker's attempts.

import type { TaskError } from '../job/errors/index.ts';
import { isKeyFailure } from '../job/errors/failureKinds.ts';
import { sampledTraceIdOf } from '../job/trace.ts';
import { logEvent, type LogEvent, type LogValues } from '../job/logEvents/index.ts';
import type { jobEvents } from '../job/logEvents/jobs.ts';
import { loggedWords, ownWordsOf } from '../job/logEvents/ownWords.ts';
import { outcomeWords, taskFields } from '../job/logEvents/taskEvents.ts';
import { targetOf } from '../job/target.ts';
import type { Spent, TaskState } from '../job/task.ts';
import { fallbackLabels, modelLabel } from '../telemetry/labels.ts';
import { observe } from '../telemetry/metrics.ts';
import { attemptOutcomes, beginAtZero, type AttemptOutcome } from './beginAtZero.ts';
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
    beginAtZero(options);
  }

  started({ state, request }: Claim): void {
    const { attempt, of } = state;
    const { prompt } = request.input;
    this.#event('generation_started', state, { prompt }, `Attempt ${attempt} of ${of.policy.maxAttempts} started`);
  }

  /** The attempt has ended, and its final write was answered or abandoned. */
  finished(claim: Claim, ending: Ending, report: Report | undefined, { durationMs, paidBy }: Effort): void {
    this.#count(claim, outcomeOf(report), durationMs, paidBy);
    endAttemptSpan(claim, ending, outcomeOf(report));
    if (ending.end === 'cancelled') {
      const message = `Stopped the attempt because the task no longer belongs to this worker (${ending.reason})`;
      return this.#event('generation_cancelled', claim.state, { reason: ending.reason, durationMs }, message);
    }
    const cause = ending.end === 'failed' ? causes[ending.error.code] : undefined;
    if (ending.end === 'failed' && cause !== undefined) {
      this.#event(cause, claim.state, { reason: ending.error.code, durationMs }, causeWords(ending.error, report));
    }
    if (report !== undefined) this.#reported(claim, report, durationMs, cause !== undefined);
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
    // The log tells about full storage once.
    if (isStorageFull(err)) return;
    this.#event(
      'claim_unconfirmed',
      state,
      { err },
      'NATS did not confirm a claim; the task was returned to the queue',
    );
  }

  writeFailed(state: TaskState, err: unknown): void {
    const message = isStorageFull(err)
      ? 'The storage of NATS is full; the worker keeps the final status until there is room'
      : 'NATS did not confirm the final status; the worker keeps it and will retry';
    this.#event('status_write_failed', state, { reason: state.reason, err }, message);
  }

  failedUnexpectedly(state: TaskState, err: unknown): void {
    this.#event('attempt_error', state, { err }, 'An attempt failed unexpectedly');
  }

  /** `isExplained`: another line says why the attempt ended. */
  #reported(claim: Claim, report: Report, durationMs: number, isExplained: boolean): void {
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
    // The line that says why the attempt ended also says when the next one starts.
    if (isExplained && state.state === 'waiting') return;
    const words = isExplained ? { message: outcomeWords(state) } : loggedWords(detail);
    const late = report.outcome === 'adopted' ? ' (adopted after the task had been taken from this worker)' : '';
    this.#event(eventOf(state), state, { ...fields, detail: words.detail }, `${words.message}${late}`);
  }

  #count({ state }: Claim, outcome: AttemptOutcome, durationMs: number, paidBy: Effort['paidBy']): void {
    const { metrics, pool, provider } = this.#options;
    const of = (model: string) => ({ pool, provider: provider.name, model: this.#model(model) });
    const labels = { ...of(targetOf(state).model), outcome };
    metrics.attempts.inc(labels);
    observe(metrics.attemptDuration, labels, durationMs / 1_000, sampledTraceIdOf(state.of));
    for (const [model, { calls, cost }] of paidBy) {
      if (calls > 0) metrics.paidCalls.inc({ ...of(model), outcome }, calls);
      if (cost !== undefined) metrics.cost.inc(of(model), cost);
    }
  }

  #model(model: string): string {
    const { models } = this.#options;
    return models === undefined ? model : modelLabel(model, models);
  }

  #event(event: AttemptEvent, state: TaskState, fields: LogValues<AttemptEvent>, message: string): void {
    const { logger, name } = this.#options;
    logEvent(logger, event, { ...taskFields(state), worker: name, ...fields }, message);
  }
}

function endAttemptSpan({ span }: Claim, ending: Ending, outcome: AttemptOutcome): void {
  if (span === undefined) return;
  span.set({ 'genwarden.outcome': outcome });
  if (ending.end === 'failed') span.fail(ending.error.code);
  else if (outcome === 'refused' || outcome === 'unanswered') span.fail(outcome);
  span.end();
}

type AttemptEvent = Extract<LogEvent, keyof typeof jobEvents>;

/** Events that say why an attempt ended. */
const causes: Readonly<Record<string, 'attempt_timeout' | 'run_timeout'>> = {
  AttemptTimeout: 'attempt_timeout',
  RunTimeout: 'run_timeout',
};

function causeWords(error: TaskError, report: Report | undefined): string {
  const isWaiting = report !== undefined && isWritten(report) && report.write.state.state === 'waiting';
  return isWaiting ? loggedWords(report.write.detail).message : ownWordsOf(error);
}

const isWritten = ({ outcome }: Report): boolean => outcome === 'accepted' || outcome === 'adopted';

function outcomeOf(report: Report | undefined): AttemptOutcome {
  // A cancelled attempt; the label is older than the name.
  if (report === undefined) return 'recalled';
  if (report.outcome === 'refused' || report.outcome === 'unanswered') return report.outcome;
  const { state } = report.write.state;
  return attemptOutcomes.find((outcome) => outcome === state) ?? 'requeued';
}

function eventOf(state: TaskState): AttemptEvent {
  if (state.state === 'succeeded' || state.state === 'needs_review') return 'generation_completed';
  return state.state === 'queued' ? 'task_requeued' : 'generation_failed';
}
