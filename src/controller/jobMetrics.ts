// The job metrics. Only the leading controller exports them: counters from changes, gauges at intervals.

import { isOpen, openStates, type TerminalTask, type TaskWrite } from '../job/task.ts';
import { taskDuration } from '../job/taskDuration.ts';
import type { Instant } from '../job/time.ts';
import type { Swept } from '../ports/artifactStore.ts';
import type { StreamHealth } from '../ports/jobLog.ts';
import type { KeyState, Outage } from '../ports/keyRing.ts';
import type { Change, JobIndex } from '../readmodel/jobIndex.ts';
import { fallbackLabels } from '../telemetry/labels.ts';
import { observe, type ControllerMetrics } from '../telemetry/metrics.ts';
import { violatedBy } from './invariants.ts';
import type { TaskSurvey } from './taskSurvey.ts';

export class JobMetrics {
  readonly #metrics: ControllerMetrics;
  readonly #name: string;
  /** The number of consecutive surveys that found each task unmoved. */
  #unmoved: ReadonlyMap<string, number> = new Map();

  /** `name` is the label of the leader's metric: the role, because Prometheus adds the process. */
  constructor(metrics: ControllerMetrics, name: string) {
    this.#metrics = metrics;
    this.#name = name;
    metrics.leader.set({ name }, 0);
  }

  setLeading(leading: boolean): void {
    this.#metrics.leader.set({ name: this.#name }, leading ? 1 : 0);
    if (!leading) this.#forgetGauges();
  }

  change(change: Change): void {
    for (const invariant of violatedBy(change)) this.#metrics.invariantViolations.inc({ invariant });
    const { state } = change.after;
    const before = change.before?.state;
    if (before === undefined) return;
    if (before.state === 'queued' && state.state === 'running')
      this.#metrics.taskQueueDuration.observe({ pool: state.of.pool }, seconds(state.since - before.since));
    if (isOpen(before) && !isOpen(state) && state.state !== 'deleted') this.#finished(state);
  }

  fellBack(write: TaskWrite): void {
    this.#metrics.fallbacks.inc(fallbackLabels(write));
  }

  reconciled(rule: string, verdict: 'written' | 'refused' | 'failed'): void {
    this.#metrics.reconciliations.inc({ rule, verdict });
  }

  recovered(rule: string, took: number): void {
    this.#metrics.recoveryDuration.observe({ rule }, seconds(took));
  }

  showCounts(index: JobIndex, workers: ReadonlyMap<string, number>, clockOffset: number): void {
    for (const [pool, counts] of index.counts())
      for (const state of openStates) this.#metrics.tasks.set({ pool, state }, counts[state]);
    for (const [pool, count] of workers) this.#metrics.workers.set({ pool }, count);
    this.#metrics.clockOffset.set(seconds(clockOffset));
  }

  showSurvey({ pools, unmoved }: TaskSurvey): void {
    this.#metrics.oldestOpenTask.reset();
    this.#metrics.overdueTasks.reset();
    for (const [pool, { oldest, overdue }] of pools) {
      for (const state of openStates) this.#metrics.oldestOpenTask.set({ pool, state }, seconds(oldest[state]));
      this.#metrics.overdueTasks.set({ pool }, overdue);
    }
    // A single survey proves nothing: it may be the first one after a time without a leader or a connection.
    const found = new Map([...unmoved].map((task) => [task, (this.#unmoved.get(task) ?? 0) + 1]));
    const fresh = [...found.values()].filter((times) => times === 2).length;
    if (fresh > 0) this.#metrics.invariantViolations.inc({ invariant: 'OverdueUnmoved' }, fresh);
    this.#unmoved = found;
  }

  showPause(pool: string, paused: boolean): void {
    this.#metrics.poolPaused.set({ pool }, paused ? 1 : 0);
  }

  showKeys(pool: string, keys: readonly KeyState[]): void {
    for (const state of ['ready', 'cooling', 'busy', 'refused'] as const) {
      this.#metrics.keys.set({ pool, state }, keys.filter((key) => key.state === state).length);
    }
  }

  /** `models` are all models of the pool. */
  showOutages(pool: string, models: readonly string[], outages: readonly Outage[]): void {
    for (const model of models) {
      const isOut = outages.some((outage) => outage.model === model);
      this.#metrics.providerOutage.set({ pool, model }, isOut ? 1 : 0);
    }
  }

  showStorage({ bytes }: StreamHealth): void {
    this.#metrics.jetstreamStorage.set(bytes);
  }

  showSwept({ deleted, finished }: Swept, now: Instant): void {
    for (const [what, count] of Object.entries(deleted)) this.#metrics.artifactsSwept.inc({ what }, count);
    if (finished) this.#metrics.sweepFinished.set(seconds(now));
  }

  #finished(state: TerminalTask): void {
    const { pool, kind } = state.of;
    const outcome = state.state;
    this.#metrics.tasksFinished.inc({ pool, kind, outcome, reason: state.reason });
    observe(this.#metrics.taskDuration, { pool, kind, outcome }, seconds(taskDuration(state)));
  }

  /** A process that no longer leads must not keep exporting stale values. */
  #forgetGauges(): void {
    const { tasks, oldestOpenTask, overdueTasks, workers, keys, poolPaused, providerOutage, jetstreamStorage } =
      this.#metrics;
    const gauges = [tasks, oldestOpenTask, overdueTasks, workers, keys, poolPaused, providerOutage, jetstreamStorage];
    for (const gauge of gauges) gauge.reset();
    this.#unmoved = new Map();
  }
}

const seconds = (ms: number): number => ms / 1_000;
