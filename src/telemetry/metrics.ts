// Every metric of Genwarden (`definitions/`), created on the registry of a process. A test compares them with
// `docs/metrics.md`.

import { collectDefaultMetrics, Counter, Gauge, Histogram, type LabelValues, type Registry } from 'prom-client';
import { apiDefinitions } from './definitions/api.ts';
import { controllerDefinitions } from './definitions/controller.ts';
import type { Definition } from './definitions/define.ts';
import { operatorDefinitions } from './definitions/operator.ts';
import { processDefinitions } from './definitions/process.ts';
import { workerDefinitions } from './definitions/worker.ts';

type Table = Readonly<Record<string, Definition>>;
type LabelOf<D extends Definition> = D['labels'][number];
type MetricOf<D extends Definition> = D['type'] extends 'counter'
  ? Counter<LabelOf<D>>
  : D['type'] extends 'gauge'
    ? Gauge<LabelOf<D>>
    : D extends { exemplars: true }
      ? TracedHistogram<LabelOf<D>>
      : Histogram<LabelOf<D>>;
type Metrics<T extends Table> = { readonly [K in keyof T]: MetricOf<T[K]> };

/** A histogram with exemplars, for `observe`: prom-client's own method expects other arguments if exemplars are on. */
type TracedHistogram<L extends string> = Pick<Histogram<L>, 'get' | 'zero' | 'reset' | 'remove'>;

export type ControllerMetrics = Metrics<typeof controllerDefinitions>;
export type WorkerMetrics = Metrics<typeof workerDefinitions>;
export type ApiMetrics = Metrics<typeof apiDefinitions>;
export type OperatorMetrics = Metrics<typeof operatorDefinitions>;
export type ProcessMetrics = Metrics<typeof processDefinitions>;

/** Metrics of the leading controller. Like the functions below, it reuses metrics that the registry already has. */
export const createControllerMetrics = (registry: Registry): ControllerMetrics =>
  create(controllerDefinitions, registry);
export const createWorkerMetrics = (registry: Registry): WorkerMetrics => create(workerDefinitions, registry);
export const createApiMetrics = (registry: Registry): ApiMetrics => create(apiDefinitions, registry);
export const createOperatorMetrics = (registry: Registry): OperatorMetrics => create(operatorDefinitions, registry);

export const processMetrics = (registry: Registry): ProcessMetrics => create(processDefinitions, registry);

/** Metrics of every process, with prom-client's defaults for memory, CPU and event loop. */
export function createProcessMetrics(registry: Registry, about: { version: string; process: string }): ProcessMetrics {
  if (registry.getSingleMetric('process_cpu_seconds_total') === undefined) addDefaults(registry);
  const metrics = processMetrics(registry);
  metrics.buildInfo.set({ ...about, node: process.version }, 1);
  return metrics;
}

/** Without those gauges that promtool takes for counters because of their names; they are sums of others. */
function addDefaults(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  for (const what of ['handles', 'requests', 'resources']) registry.removeSingleMetric(`nodejs_active_${what}_total`);
}

/** Observes a value, and shows the trace in the value's bucket (OpenMetrics only) until another one falls into it. */
export function observe<L extends string>(
  histogram: TracedHistogram<L>,
  labels: LabelValues<L>,
  value: number,
  traceId?: string,
): void {
  const exemplar = traceId === undefined ? {} : { exemplarLabels: { trace_id: traceId } as LabelValues<string> };
  (histogram as Histogram).observe({ labels, value, ...exemplar });
}

/** All metrics of Genwarden with their labels and exporters, for the test of the docs. */
export const metricList = Object.entries<Table>({
  controller: controllerDefinitions,
  worker: workerDefinitions,
  api: apiDefinitions,
  operator: operatorDefinitions,
  all: processDefinitions,
}).flatMap(([exporter, table]) =>
  Object.values(table).map(({ type, name, help, labels }) => ({ exporter, type, name, help, labels })),
);

export const metricNames: readonly string[] = [...new Set(metricList.map(({ name }) => name))];

function create<T extends Table>(table: T, registry: Registry): Metrics<T> {
  const entries = Object.entries(table).map(([key, definition]) => [key, metricOn(registry, definition)]);
  return Object.fromEntries(entries) as Metrics<T>;
}

function metricOn(registry: Registry, { type, name, help, labels, buckets, exemplars = false }: Definition): unknown {
  const existing = registry.getSingleMetric(name);
  if (existing !== undefined) return existing;
  // The constructors refuse exemplars on a registry whose format is text; `exposition.ts` offers both formats.
  const base = { name, help, labelNames: [...labels], registers: [] };
  const metric =
    type === 'counter'
      ? new Counter(base)
      : type === 'gauge'
        ? new Gauge(base)
        : new Histogram({ ...base, enableExemplars: exemplars, ...(buckets && { buckets: [...buckets] }) });
  registry.registerMetric(metric);
  return metric;
}
