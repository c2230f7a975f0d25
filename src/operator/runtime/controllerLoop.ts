// Runs one controller during a term of leadership: starts it, reconciles keys with several workers, retries failures, and
// drains reconciles in progress at the end.

import { whenAborted } from '../../async/abort.ts';
import { sleep } from '../../async/sleep.ts';
import { logEvent } from '../../job/logEvents/index.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { OperatorMetrics } from '../../telemetry/metrics.ts';
import type { Controller } from './controller.ts';
import type { ResourceKey } from '../../ports/kubernetes.ts';
import type { Problems } from '../problems.ts';
import { systemTimer, type Timer, WorkQueue } from './workQueue.ts';
import { QueueMetrics } from './queueMetrics.ts';

export interface LoopOptions {
  readonly logger: Logger;
  readonly metrics: OperatorMetrics;
  readonly problems: Problems;
  /** Keys reconciled at the same time; default 8. */
  readonly concurrency?: number;
  /** The signal of a reconcile aborts after this time, ms; default 120,000. */
  readonly reconcileTimeoutMs?: number;
  /** Delay before a failed start is retried, ms; default 5,000. */
  readonly startRetryMs?: number;
  readonly timer?: Timer;
}

/** How long the end of a term waits for reconciles that ignore their signal, ms. */
const drainTimeoutMs = 20_000;

/** Returns after the signal has aborted and all reconciles in progress have ended. Never throws. */
export async function runController(controller: Controller, options: LoopOptions, signal: AbortSignal): Promise<void> {
  const loop = new ControllerLoop(controller, options);
  await loop.run(signal);
}

class ControllerLoop {
  readonly #controller: Controller;
  readonly #options: LoopOptions;
  readonly #timer: Timer;
  readonly #queueMetrics: QueueMetrics;
  readonly #queue: WorkQueue;

  constructor(controller: Controller, options: LoopOptions) {
    this.#controller = controller;
    this.#options = options;
    this.#timer = options.timer ?? systemTimer;
    this.#queueMetrics = new QueueMetrics(controller.name, options.metrics, this.#timer);
    this.#queue = new WorkQueue(this.#timer, this.#queueMetrics);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { logger, concurrency = 8 } = this.#options;
    const { name } = this.#controller;
    await this.#start(signal);
    if (!signal.aborted)
      logEvent(logger, 'resource_controller_started', { controller: name }, `Controller ${name} started`);
    const onAbort = (): void => this.#queue.close();
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    const workers = Promise.all(Array.from({ length: concurrency }, () => this.#work(signal)));
    await whenAborted(signal);
    const ended = new AbortController();
    const timeout = sleep(drainTimeoutMs, ended.signal).then(() => false);
    const drained = await Promise.race([workers.then(() => true), timeout]);
    ended.abort();
    if (!drained)
      logEvent(
        logger,
        'reconciles_unfinished',
        { controller: name, keys: this.#queueMetrics.inProgress() },
        'Reconciles were still running when the term ended',
      );
    this.#queueMetrics.close();
  }

  /** Retries until the controller has started. */
  async #start(signal: AbortSignal): Promise<void> {
    const { logger, problems, startRetryMs = 5_000 } = this.#options;
    const { name } = this.#controller;
    const source = `controller ${name}`;
    while (!signal.aborted) {
      const attempt = new AbortController();
      try {
        const lasting = AbortSignal.any([signal, attempt.signal]);
        const started = this.#controller.start((key, afterMs) => this.#queue.add(textOf(key), afterMs), lasting);
        await Promise.race([started, whenAborted(signal)]);
        problems.report(source, undefined);
        return;
      } catch (error) {
        attempt.abort(error);
        if (signal.aborted) return;
        problems.report(
          source,
          `controller ${name} could not start: ${error instanceof Error ? error.message : String(error)}`,
        );
        logEvent(
          logger,
          'resource_controller_start_failed',
          { err: error, controller: name },
          `Controller ${name} could not start; retrying`,
        );
        await sleep(startRetryMs, signal);
      }
    }
    problems.report(source, undefined);
  }

  async #work(signal: AbortSignal): Promise<void> {
    for (;;) {
      const key = await this.#queue.take();
      if (key === undefined) return;
      await this.#reconcile(key, signal);
      this.#queue.done(key);
    }
  }

  /** Never throws. */
  async #reconcile(text: string, term: AbortSignal): Promise<void> {
    const { reconcileTimeoutMs = 120_000 } = this.#options;
    const timedOut = new AbortController();
    const cancel = this.#timer.after(reconcileTimeoutMs, () =>
      timedOut.abort(new Error(`the reconcile exceeded ${reconcileTimeoutMs} ms`)),
    );
    const ended = this.#queueMetrics.begin(text);
    try {
      const answer = await this.#controller.reconcile(keyOf(text), AbortSignal.any([term, timedOut.signal]));
      this.#queue.forget(text);
      const requeueAfterMs = answer?.requeueAfterMs;
      if (requeueAfterMs !== undefined) this.#queue.add(text, Math.max(1, requeueAfterMs));
      ended(requeueAfterMs === undefined ? 'success' : 'requeue_after');
    } catch (error) {
      ended('error');
      if (!term.aborted) this.#failed(text, error);
    } finally {
      cancel();
    }
  }

  #failed(key: string, error: unknown): void {
    this.#queue.retry(key);
    const failures = this.#queue.failures(key);
    // Logs the failures 1, 2, 4, 8, …, so that a permanently failing object does not flood the log.
    if (Math.log2(failures) % 1 !== 0) return;
    const about = { err: error, controller: this.#controller.name, resource: key, failures };
    logEvent(this.#options.logger, 'resource_reconcile_failed', about, 'Reconcile failed; retrying');
  }
}

const textOf = ({ namespace, name }: ResourceKey): string => `${namespace}/${name}`;

function keyOf(text: string): ResourceKey {
  const [namespace = '', name = ''] = text.split('/');
  return { namespace, name };
}
