// The metrics of the operator: the names and labels of controller-runtime, so that its dashboards and alerts work.

import { counter, gauge, histogram } from './define.ts';
import { leader } from './shared.ts';

/** Seconds; a subset of controller-runtime's buckets. A reconcile that waits for an unavailable API server takes a minute. */
const reconcileBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const;
/** Seconds; the buckets of client-go's work queue, from 1 ms on. */
const workBuckets = [0.001, 0.01, 0.1, 1, 10, 60, 600] as const;

export const operatorDefinitions = {
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
