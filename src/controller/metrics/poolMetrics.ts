// The gauges about a pool apart from its tasks: pauses, keys, outages of the provider, spending and budgets.

import type { Instant } from '../../job/time.ts';
import type { KeyRing, KeyState, Outage } from '../../ports/keyRing.ts';
import type { PoolDeclaration, PoolRegistry } from '../../ports/poolRegistry.ts';
import { modelLabel, modelLabels } from '../../telemetry/labels.ts';
import type { ControllerMetrics } from '../../telemetry/metrics.ts';
import type { LeaderCounters } from './leaderCounters.ts';

export interface PoolMetricsOptions {
  readonly metrics: ControllerMetrics;
  readonly counters: Pick<LeaderCounters, 'outageBegan'>;
  readonly pools: Pick<PoolRegistry, 'list'>;
  /** The source of outages and spending; without it, none are exported. */
  readonly keys: Pick<KeyRing, 'outages' | 'spending'> | undefined;
}

const keyStates = ['ready', 'cooling', 'busy', 'refused'] as const;
const periods = ['day', 'month'] as const;

export class PoolMetrics {
  readonly #options: PoolMetricsOptions;
  /** The start of the outage of each pool and model that was counted last. */
  readonly #counted = new Map<string, Instant>();

  constructor(options: PoolMetricsOptions) {
    this.#options = options;
  }

  showPause(pool: string, paused: boolean): void {
    this.#options.metrics.poolPaused.set({ pool }, paused ? 1 : 0);
  }

  showKeys(pool: string, keys: readonly KeyState[]): void {
    for (const state of keyStates)
      this.#options.metrics.keys.set({ pool, state }, keys.filter((key) => key.state === state).length);
  }

  /** From memory: before each scrape, so that no outage is left out that began before it. */
  showProviders(): void {
    const { pools, keys } = this.#options;
    if (keys === undefined) return;
    for (const pool of pools.list()) {
      this.#showOutages(pool, keys.outages(pool.name));
      this.#showSpending(pool.name, keys);
    }
  }

  forget(): void {
    const { poolPaused, keys, providerOutage, outageStart, poolSpending, poolBudget } = this.#options.metrics;
    for (const gauge of [poolPaused, keys, providerOutage, outageStart, poolSpending, poolBudget]) gauge.reset();
    this.#counted.clear();
  }

  #showOutages(pool: PoolDeclaration, outages: readonly Outage[]): void {
    const { metrics } = this.#options;
    const listed = [...pool.models.image, ...pool.models.text];
    const starts = new Map<string, Instant>();
    for (const { model, since } of outages) {
      const label = modelLabel(model, listed);
      starts.set(label, Math.min(since, starts.get(label) ?? Infinity));
    }
    for (const model of new Set([...modelLabels(listed), ...starts.keys()])) {
      const labels = { pool: pool.name, model };
      const since = starts.get(model);
      metrics.providerOutage.set(labels, since === undefined ? 0 : 1);
      metrics.outageStart.set(labels, since === undefined ? 0 : since / 1_000);
      if (since !== undefined) this.#countOutage(labels, since);
    }
  }

  #countOutage(labels: { readonly pool: string; readonly model: string }, since: Instant): void {
    const key = `${labels.pool}\n${labels.model}`;
    if ((this.#counted.get(key) ?? -Infinity) >= since) return;
    if (this.#options.counters.outageBegan(labels, since)) this.#counted.set(key, since);
  }

  #showSpending(pool: string, keys: Pick<KeyRing, 'spending'>): void {
    const { poolSpending, poolBudget } = this.#options.metrics;
    const total = keys.spending(pool).find(({ tenant }) => tenant === null);
    if (total === undefined) return;
    for (const period of periods) {
      poolSpending.set({ pool, period }, total[period]);
      const limit = total.limits[period];
      if (limit === undefined) poolBudget.remove({ pool, period });
      else poolBudget.set({ pool, period }, limit);
    }
  }
}
