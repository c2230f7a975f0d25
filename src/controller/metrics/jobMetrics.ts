// The metrics of jobs. Only the leading controller exports the gauges and adds to the counters: `leaderCounters.ts` counts the
// stream; everything else is set at intervals.

import { openStates, type TaskWrite } from '../../job/task.ts';
import type { Instant } from '../../job/time.ts';
import type { Swept } from '../../ports/artifactStore.ts';
import type { StreamHealth } from '../../ports/jobLog.ts';
import type { KeyRing } from '../../ports/keyRing.ts';
import type { PoolRegistry } from '../../ports/poolRegistry.ts';
import type { JobIndex } from '../../readmodel/jobIndex.ts';
import { fallbackLabels } from '../../telemetry/labels.ts';
import type { ControllerMetrics } from '../../telemetry/metrics.ts';
import type { TaskSurvey } from '../taskSurvey.ts';
import { LeaderCounters, type LeaderCountersOptions } from './leaderCounters.ts';
import { Ledger } from './ledger.ts';
import { PoolMetrics } from './poolMetrics.ts';
import type { WaitingTasks } from './waiting.ts';
import { createKnownSeries, createPoolSeries } from './zeros.ts';

export interface JobMetricsOptions extends Omit<LeaderCountersOptions, 'ledger'> {
  readonly metrics: ControllerMetrics;
  readonly pools: Pick<PoolRegistry, 'list'>;
  readonly keys?: Pick<KeyRing, 'outages' | 'spending'>;
}

/** The label of the leader's metric: the role, because Prometheus adds the process. */
const role = 'controller';

export class JobMetrics {
  readonly counters: LeaderCounters;
  readonly ofPools: PoolMetrics;
  readonly #metrics: ControllerMetrics;
  readonly #pools: Pick<PoolRegistry, 'list'>;
  readonly #ledger: Ledger;
  /** The number of consecutive surveys that found each task unmoved. */
  #unmoved: ReadonlyMap<string, number> = new Map();

  constructor({ metrics, pools, keys, ...options }: JobMetricsOptions) {
    this.#metrics = metrics;
    this.#pools = pools;
    this.#ledger = new Ledger(metrics);
    this.counters = new LeaderCounters({ ...options, ledger: this.#ledger });
    this.ofPools = new PoolMetrics({ metrics, counters: this.counters, pools, keys });
    metrics.leader.set({ name: role }, 0);
    createKnownSeries(this.#ledger, metrics);
    this.#forgetGauges();
  }

  beginTerm(signal: AbortSignal): void {
    this.#metrics.leader.set({ name: role }, 1);
    void this.counters.begin(signal);
  }

  endTerm(): void {
    this.#metrics.leader.set({ name: role }, 0);
    this.counters.end();
    this.#forgetGauges();
  }

  /** Call it at each scrape by Prometheus, before the values are read; the returned function when it has the answer. */
  scraped(leading: boolean): () => void {
    for (const pool of this.#pools.list()) createPoolSeries(this.#ledger, pool);
    if (leading) this.ofPools.showProviders();
    return this.counters.scraped();
  }

  fellBack(write: TaskWrite): void {
    this.#metrics.fallbacks.inc(fallbackLabels(write));
  }

  reconciled(rule: string, verdict: 'written' | 'refused' | 'failed'): void {
    this.#metrics.reconciliations.inc({ rule, verdict });
  }

  showCounts(index: JobIndex, workers: ReadonlyMap<string, number>, clockOffset: number): void {
    const { tasks, workers: ofPools } = this.#metrics;
    const counts = index.counts();
    tasks.reset();
    ofPools.reset();
    for (const pool of this.#poolNames(counts.keys()))
      for (const state of openStates) tasks.set({ pool, state }, counts.get(pool)?.[state] ?? 0);
    for (const pool of this.#poolNames(workers.keys())) ofPools.set({ pool }, workers.get(pool) ?? 0);
    this.#metrics.clockOffset.set(seconds(clockOffset));
    for (const pool of this.#pools.list()) createPoolSeries(this.#ledger, pool);
  }

  showSurvey({ pools, unmoved }: TaskSurvey): void {
    const { oldestOpenTask, overdueTasks, invariantViolations } = this.#metrics;
    oldestOpenTask.reset();
    overdueTasks.reset();
    for (const pool of this.#poolNames(pools.keys())) {
      const { oldest, overdue } = pools.get(pool) ?? {};
      for (const state of openStates) oldestOpenTask.set({ pool, state }, seconds(oldest?.[state] ?? 0));
      overdueTasks.set({ pool }, overdue ?? 0);
    }
    // A single survey proves nothing: it may be the first one after a time without a leader or a connection.
    const found = new Map([...unmoved].map((task) => [task, (this.#unmoved.get(task) ?? 0) + 1]));
    const fresh = [...found.values()].filter((times) => times === 2).length;
    if (fresh > 0) invariantViolations.inc({ invariant: 'OverdueUnmoved' }, fresh);
    this.#unmoved = found;
  }

  showWaiting(waiting: WaitingTasks): void {
    this.#metrics.tasksWaiting.reset();
    for (const [pool, causes] of waiting)
      for (const [cause, count] of causes) this.#metrics.tasksWaiting.set({ pool, cause }, count);
  }

  /** A stream without a limit says -1. */
  showStorage({ bytes, maxBytes }: StreamHealth): void {
    this.#metrics.jetstreamStorage.set(bytes);
    this.#metrics.jetstreamStorageLimit.set(Math.max(0, maxBytes));
  }

  showSwept({ deleted, finished }: Swept, now: Instant): void {
    for (const [what, count] of Object.entries(deleted)) this.#metrics.artifactsSwept.inc({ what }, count);
    if (finished) this.#metrics.sweepFinished.set(seconds(now));
  }

  #poolNames(others: Iterable<string>): ReadonlySet<string> {
    return new Set([...this.#pools.list().map(({ name }) => name), ...others]);
  }

  /** A process that no longer leads must not keep exporting stale values. */
  #forgetGauges(): void {
    const { tasks, tasksWaiting, oldestOpenTask, overdueTasks, workers } = this.#metrics;
    for (const gauge of [tasks, tasksWaiting, oldestOpenTask, overdueTasks, workers]) gauge.reset();
    const { jetstreamStorage, jetstreamStorageLimit, clockOffset, sweepFinished } = this.#metrics;
    // A gauge without labels would be reset to 0.
    for (const gauge of [jetstreamStorage, jetstreamStorageLimit, clockOffset, sweepFinished]) gauge.remove();
    this.ofPools.forget();
    this.#unmoved = new Map();
  }
}

const seconds = (ms: number): number => ms / 1_000;
