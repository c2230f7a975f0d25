// The operator's row of the dashboard of the control plane.

import { row } from './board.ts';
import { badFrom } from './colours.ts';
import { areas, lines } from './panels.ts';
import { greatest, perMinute, quantile } from './queries.ts';

const reconcile = 'controller_runtime_reconcile_time_seconds';

export const operator = row('Operator', [
  areas('Reconciles by result', {
    description: 'Reconciles a minute. A steady rate of `error` needs a look at the log of the operator.',
    link: 'kubernetes-operations.md#troubleshooting',
    unit: 'suffix:/min',
    queries: [['{{result}}', perMinute('result', 'controller_runtime_reconcile_total')]],
    nothing: 'No operator',
  }),
  lines('Time of a reconcile, p95', {
    description: 'If it grows, the API server or NATS is slow.',
    link: 'metrics.md#operator',
    unit: 's',
    steps: badFrom(5),
    queries: [['{{controller}}', quantile(0.95, 'controller', reconcile)]],
    nothing: 'No reconcile',
  }),
  lines('Work queue', {
    description: 'Keys that wait for a reconcile. A queue that grows for minutes is too slow.',
    link: 'metrics.md#operator',
    unit: 'short',
    queries: [['{{name}}', greatest('name', 'workqueue_depth')]],
    nothing: 'No operator',
  }),
  lines('Longest running reconcile', {
    description: 'Above a few minutes, a reconcile hangs.',
    link: 'metrics.md#operator',
    unit: 's',
    steps: badFrom(120),
    queries: [['{{name}}', greatest('name', 'workqueue_longest_running_processor_seconds')]],
    nothing: 'No operator',
  }),
  areas('Kubernetes API requests by code', {
    description: '403: a permission is missing. 0: no answer.',
    link: 'kubernetes.md#permissions',
    unit: 'suffix:/min',
    queries: [['{{code}}', perMinute('code', 'rest_client_requests_total')]],
    nothing: 'No operator',
  }),
  lines('Missed and dropped events', {
    description: 'Changes that only a list found, and events that were not written. Both are rare.',
    link: 'metrics.md#operator',
    unit: 'suffix:/min',
    queries: [
      ['missed changes', perMinute('', 'genwarden_operator_missed_events_total')],
      ['dropped events', perMinute('', 'genwarden_operator_dropped_events_total')],
    ],
    nothing: 'No operator',
  }),
]);
