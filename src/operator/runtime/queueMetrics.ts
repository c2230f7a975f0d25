// Metrics of a controller's work queue and reconciles, with the names of controller-runtime.

import type { OperatorMetrics } from '../../telemetry/metrics.ts';
import type { Timer, WorkQueueEvents } from './workQueue.ts';

export type ReconcileResult = 'success' | 'requeue_after' | 'error';

/** How often the gauges of reconciles in progress are updated, ms. */
const refreshEvery = 1_000;

export class QueueMetrics implements WorkQueueEvents {
  readonly #name: string;
  readonly #metrics: OperatorMetrics;
  readonly #timer: Timer;
  /** The start time of the reconcile of each key. */
  readonly #inProgress = new Map<string, number>();
  #cancelRefresh: () => void = () => undefined;

  constructor(name: string, metrics: OperatorMetrics, timer: Timer) {
    this.#name = name;
    this.#metrics = metrics;
    this.#timer = timer;
    for (const result of ['success', 'requeue_after', 'error']) metrics.reconciles.inc({ controller: name, result }, 0);
    metrics.retries.inc({ name }, 0);
    metrics.queueAdds.inc({ name }, 0);
    metrics.queueDepth.set({ name }, 0);
    metrics.activeWorkers.set({ controller: name }, 0);
    metrics.reconcileTime.zero({ controller: name });
    for (const duration of [metrics.queueDuration, metrics.workDuration]) duration.zero({ name });
    this.#refresh();
  }

  added = (): void => this.#metrics.queueAdds.inc({ name: this.#name });
  depth = (keys: number): void => this.#metrics.queueDepth.set({ name: this.#name }, keys);
  retried = (): void => this.#metrics.retries.inc({ name: this.#name });
  taken = (waitedMs: number): void => this.#metrics.queueDuration.observe({ name: this.#name }, waitedMs / 1_000);

  /** Records the start of a reconcile; the returned function records its end. */
  begin(key: string): (result: ReconcileResult) => void {
    const since = this.#timer.now();
    this.#inProgress.set(key, since);
    this.#setActive();
    return (result) => {
      const took = (this.#timer.now() - since) / 1_000;
      this.#inProgress.delete(key);
      this.#setActive();
      this.#metrics.reconciles.inc({ controller: this.#name, result });
      this.#metrics.reconcileTime.observe({ controller: this.#name }, took);
      this.#metrics.workDuration.observe({ name: this.#name }, took);
    };
  }

  inProgress(): readonly string[] {
    return [...this.#inProgress.keys()];
  }

  close(): void {
    this.#cancelRefresh();
    this.#metrics.activeWorkers.set({ controller: this.#name }, 0);
    this.#metrics.unfinishedWork.set({ name: this.#name }, 0);
    this.#metrics.longestRunning.set({ name: this.#name }, 0);
  }

  #setActive(): void {
    this.#metrics.activeWorkers.set({ controller: this.#name }, this.#inProgress.size);
  }

  #refresh(): void {
    const now = this.#timer.now();
    const taken = [...this.#inProgress.values()].map((since) => (now - since) / 1_000);
    this.#metrics.unfinishedWork.set(
      { name: this.#name },
      taken.reduce((sum, one) => sum + one, 0),
    );
    this.#metrics.longestRunning.set({ name: this.#name }, Math.max(0, ...taken));
    this.#cancelRefresh = this.#timer.after(refreshEvery, () => this.#refresh());
  }
}
