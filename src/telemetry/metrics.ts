// Every metric of Genwarden, with its labels and the process that exports it. A test compares them with `docs/metrics.md`.
// Job ids and text from clients are never labels.

import { collectDefaultMetrics, Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { causeOfFallback } from '../job/fallback.ts';
import { servingPool } from '../job/target.ts';
import type { TaskWrite } from '../job/task.ts';

/** Seconds; classic buckets from 100 ms to 1 h (prom-client has no native histograms). */
const lifetimeBuckets = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 90, 120, 300, 600, 1800, 3600] as const;
/** Seconds; response times of an API. */
const answerBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;
/** Seconds; delays of an event loop: 0.1 s is bad, and several seconds look like a dead process. */
const lagBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 6] as const;

interface Definition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly buckets?: readonly number[];
}

const counter = <const L extends string = never>(name: string, help: string, labels: readonly L[] = []) =>
  ({ type: 'counter', name, help, labels }) as const;
const gauge = <const L extends string = never>(name: string, help: string, labels: readonly L[] = []) =>
  ({ type: 'gauge', name, help, labels }) as const;
const histogram = <const L extends string = never>(
  name: string,
  help: string,
  labels: readonly L[],
  buckets: readonly number[],
) => ({ type: 'histogram', name, help, labels, buckets }) as const;

const overdueTasks = gauge(
  'genwarden_overdue_tasks',
  'Open tasks past their dueAt; if it stays above 0, no controller acts on them',
  ['pool'],
);

const fallbacks = counter('genwarden_fallbacks_total', 'Tasks that moved to another target, by cause', [
  'pool',
  'to_pool',
  'cause',
]);

const leader = gauge('leader_election_master_status', '1 in the leading process', ['name']);

const controllerDefinitions = {
  tasks: gauge('genwarden_tasks', 'Open tasks by state', ['pool', 'state']),
  tasksFinished: counter('genwarden_tasks_finished_total', 'Tasks that became terminal', [
    'pool',
    'kind',
    'outcome',
    'reason',
  ]),
  taskDuration: histogram(
    'genwarden_task_duration_seconds',
    'From submit to terminal, without time in review',
    ['pool', 'kind', 'outcome'],
    lifetimeBuckets,
  ),
  taskQueueDuration: histogram(
    'genwarden_task_queue_duration_seconds',
    'From queued to claimed',
    ['pool'],
    lifetimeBuckets,
  ),
  oldestOpenTask: gauge(
    'genwarden_oldest_open_task_timestamp_seconds',
    'When the oldest task in this state entered it; 0 if there is none',
    ['pool', 'state'],
  ),
  overdueTasks,
  reconciliations: counter(
    'genwarden_reconciliations_total',
    'Verdicts of the rules that were written, or refused because the task had changed',
    ['rule', 'verdict'],
  ),
  recoveryDuration: histogram(
    'genwarden_recovery_duration_seconds',
    'From the loss of a worker to its task running again or terminal',
    ['rule'],
    lifetimeBuckets,
  ),
  invariantViolations: counter('genwarden_invariant_violations_total', 'Violated invariants; must stay 0', [
    'invariant',
  ]),
  workers: gauge('genwarden_workers', 'Live workers, by their heartbeats', ['pool']),
  keys: gauge('genwarden_keys', 'API keys by state', ['pool', 'state']),
  poolPaused: gauge('genwarden_pool_paused', '1 while the pool is paused', ['pool']),
  providerOutage: gauge('genwarden_provider_outage', '1 while the provider fails for every task of the model', [
    'pool',
    'model',
  ]),
  fallbacks,
  clockOffset: gauge('genwarden_clock_offset_seconds', 'Clock of the NATS server minus the clock of this process'),
  jetstreamStorage: gauge('genwarden_jetstream_storage_bytes', 'Bytes stored in the stream'),
  artifactsSwept: counter('genwarden_artifacts_swept_total', 'Expired artifacts that were deleted from S3', ['what']),
  sweepFinished: gauge('genwarden_artifact_sweep_timestamp_seconds', 'When the last round through S3 ended'),
  leader,
} as const;

const workerDefinitions = {
  attempts: counter('genwarden_attempts_total', 'Attempts that ended', ['pool', 'provider', 'model', 'outcome']),
  attemptDuration: histogram(
    'genwarden_attempt_duration_seconds',
    'From claim to the end of the attempt',
    ['pool', 'provider', 'model', 'outcome'],
    lifetimeBuckets,
  ),
  providerRequests: counter('genwarden_provider_requests_total', 'Requests to a provider by response code', [
    'provider',
    'model',
    'code',
  ]),
  paidCalls: counter('genwarden_paid_calls_total', 'Calls that the provider bills, by the outcome of the attempt', [
    'pool',
    'provider',
    'model',
    'outcome',
  ]),
  cost: counter('genwarden_cost_total', "What calls cost, in the unit of the pool's prices", [
    'pool',
    'provider',
    'model',
  ]),
  fallbacks,
  resultChecks: counter('genwarden_result_checks_total', 'Checks of results', ['pool', 'outcome']),
  tokens: counter('genwarden_tokens_total', 'Tokens as counted by the provider', ['provider', 'model', 'direction']),
  keyCooldowns: counter('genwarden_key_cooldowns_total', 'Cooldowns of API keys', ['pool', 'cause']),
  slots: gauge('genwarden_slots', 'Slots of this worker by state', ['pool', 'state']),
  memoryInFlight: gauge('genwarden_worker_memory_in_flight_bytes', 'Memory that attempts have taken', ['pool']),
  memoryLimit: gauge('genwarden_worker_memory_limit_bytes', 'Memory that attempts may take', ['pool']),
  eventLoopLag: histogram('genwarden_event_loop_lag_seconds', 'How late the event loop ran a timer', [], lagBuckets),
  artifactStoreRequests: counter('genwarden_artifact_store_requests_total', 'Requests to the artifact store', [
    'operation',
    'outcome',
  ]),
} as const;

const apiDefinitions = {
  httpRequestDuration: histogram(
    'genwarden_http_request_duration_seconds',
    'Response time, without event streams and waiting requests',
    ['method', 'route', 'code'],
    answerBuckets,
  ),
  submits: counter('genwarden_submits_total', 'Submits by outcome', ['pool', 'outcome']),
  eventStreams: gauge('genwarden_event_streams', 'Open event streams'),
  authSourceUp: gauge(
    'genwarden_auth_source_up',
    '0 while the tokens file or the keys of the OpenID Connect issuer cannot be read, so that the last ones are in use',
    ['source'],
  ),
  webhookDeliveries: counter('genwarden_webhook_deliveries_total', 'Attempts to deliver a webhook', ['outcome']),
  webhooksPending: gauge('genwarden_webhook_pending', 'Webhook deliveries to be sent'),
  webhooksDead: gauge('genwarden_webhook_dead', 'Webhook deliveries that were given up'),
  overdueTasks,
} as const;

/** Seconds; a subset of controller-runtime's buckets. A reconcile that waits for an unavailable API server takes a minute. */
const reconcileBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const;
/** Seconds; the buckets of client-go's work queue, from 1 ms on. */
const workBuckets = [0.001, 0.01, 0.1, 1, 10, 60, 600] as const;

/** The names and labels of controller-runtime, so that its dashboards and alerts work. */
const operatorDefinitions = {
  reconciles: counter('controller_runtime_reconcile_total', 'Reconciles by result', ['controller', 'result']),
  reconcileTime: histogram(
    'controller_runtime_reconcile_time_seconds',
    'Time of a reconcile',
    ['controller'],
    reconcileBuckets,
  ),
  activeWorkers: gauge('controller_runtime_active_workers', 'Running reconciles', ['controller']),
  queueDepth: gauge('workqueue_depth', 'Keys that wait for a reconcile', ['name']),
  queueAdds: counter('workqueue_adds_total', 'Keys added to the queue', ['name']),
  queueDuration: histogram(
    'workqueue_queue_duration_seconds',
    'From being added to the start of the reconcile',
    ['name'],
    workBuckets,
  ),
  workDuration: histogram(
    'workqueue_work_duration_seconds',
    'Duration of the reconcile of a key',
    ['name'],
    workBuckets,
  ),
  unfinishedWork: gauge('workqueue_unfinished_work_seconds', 'Total time that running reconciles have taken so far', [
    'name',
  ]),
  longestRunning: gauge(
    'workqueue_longest_running_processor_seconds',
    'Time that the longest running reconcile has taken so far',
    ['name'],
  ),
  retries: counter('workqueue_retries_total', 'Keys added to the queue again after an error', ['name']),
  kubeRequests: counter(
    'rest_client_requests_total',
    'Requests to the Kubernetes API server by response code; 0 without a response',
    ['code', 'method', 'host'],
  ),
  missedEvents: counter(
    'genwarden_operator_missed_events_total',
    'Changes of objects that a watch missed and a later list found',
    ['type'],
  ),
  relists: counter('genwarden_operator_relists_total', 'Full lists of objects by cause', ['type', 'cause']),
  droppedEvents: counter(
    'genwarden_operator_dropped_events_total',
    'Events about objects that were not written, by cause',
    ['cause'],
  ),
  leader,
} as const;

const processDefinitions = {
  natsConnected: gauge('genwarden_nats_connected', '1 while this process is connected to NATS'),
  storageFull: gauge('genwarden_storage_full', '1 while this process knows that this storage is full', ['place']),
  artifactBytes: gauge('genwarden_artifact_bytes_under_way', 'Bytes of artifacts on their way from or to the store', [
    'direction',
  ]),
  artifactsWaiting: gauge('genwarden_artifact_transfers_waiting', 'Transfers of artifacts that wait for their turn', [
    'direction',
  ]),
  buildInfo: gauge('genwarden_build_info', 'Always 1; the labels identify the build', ['version', 'node', 'process']),
} as const;

type Table = Readonly<Record<string, Definition>>;
type LabelOf<D extends Definition> = D['labels'][number];
type MetricOf<D extends Definition> = D['type'] extends 'counter'
  ? Counter<LabelOf<D>>
  : D['type'] extends 'gauge'
    ? Gauge<LabelOf<D>>
    : Histogram<LabelOf<D>>;
type Metrics<T extends Table> = { readonly [K in keyof T]: MetricOf<T[K]> };

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
  if (registry.getSingleMetric('process_cpu_seconds_total') === undefined)
    collectDefaultMetrics({ register: registry });
  const metrics = processMetrics(registry);
  metrics.buildInfo.set({ ...about, node: process.version }, 1);
  return metrics;
}

/** All metrics of Genwarden with their labels and exporters, for the test of the docs. */
export const metricList = Object.entries<Table>({
  controller: controllerDefinitions,
  worker: workerDefinitions,
  api: apiDefinitions,
  operator: operatorDefinitions,
  all: processDefinitions,
}).flatMap(([exporter, table]) =>
  Object.values(table).map(({ type, name, labels }) => ({ exporter, type, name, labels })),
);

export const metricNames: readonly string[] = [...new Set(metricList.map(({ name }) => name))];

/** A model as a label. Clients choose model names, so any that the pool does not list becomes `other`. */
export function modelLabel(model: string, listed: readonly string[]): string {
  return listed.includes(model) ? model : 'other';
}

function create<T extends Table>(table: T, registry: Registry): Metrics<T> {
  const entries = Object.entries(table).map(([key, definition]) => [key, metricOn(registry, definition)]);
  return Object.fromEntries(entries) as Metrics<T>;
}

function metricOn(registry: Registry, { type, name, help, labels, buckets }: Definition): unknown {
  const existing = registry.getSingleMetric(name);
  if (existing !== undefined) return existing;
  const base = { name, help, labelNames: [...labels], registers: [registry] };
  if (type === 'counter') return new Counter(base);
  return type === 'gauge' ? new Gauge(base) : new Histogram({ ...base, buckets: [...(buckets ?? lifetimeBuckets)] });
}

/** The labels of `genwarden_fallbacks_total` for the spec that a task fell back with. */
export function fallbackLabels({ state, detail }: TaskWrite): Record<'pool' | 'to_pool' | 'cause', string> {
  const cause = detail.error === undefined ? 'outage' : causeOfFallback(detail.error);
  return { pool: state.of.pool, to_pool: servingPool(state), cause };
}
