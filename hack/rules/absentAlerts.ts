// The twins of the alerts on metrics that only the leading controller exports: each fires when its metric is absent, because
// the alert on it would then be silent whatever happens.

import type { Alert } from './alert.ts';
import { select, type RuleForm } from './form.ts';

export interface Twin {
  readonly metric: string;
  /** The alerts that are blind without the metric. */
  readonly alerts: readonly string[];
  /** The metric has series only while there are pools. */
  readonly byPool: boolean;
}

export const twins: readonly Twin[] = [
  {
    metric: 'genwarden_tasks_finished_total',
    alerts: ['GenwardenSuccessBurnFast', 'GenwardenSuccessBurnSlow'],
    byPool: true,
  },
  {
    metric: 'genwarden_task_duration_seconds_count',
    alerts: ['GenwardenResultBurnFast', 'GenwardenResultBurnSlow'],
    byPool: true,
  },
  { metric: 'genwarden_recovery_duration_seconds_count', alerts: ['GenwardenRecoverySlow'], byPool: false },
  { metric: 'genwarden_overdue_tasks', alerts: ['GenwardenTasksOverdue'], byPool: true },
  { metric: 'genwarden_invariant_violations_total', alerts: ['GenwardenInvariantViolated'], byPool: false },
  {
    metric: 'genwarden_tasks',
    alerts: ['GenwardenKeysExhausted', 'GenwardenQueueGrowing', 'GenwardenQueueWithoutWorkers'],
    byPool: true,
  },
  { metric: 'genwarden_workers', alerts: ['GenwardenQueueWithoutWorkers'], byPool: true },
  { metric: 'genwarden_oldest_open_task_timestamp_seconds', alerts: ['GenwardenQueueGrowing'], byPool: true },
  { metric: 'genwarden_keys', alerts: ['GenwardenKeysExhausted', 'GenwardenKeysRefused'], byPool: true },
  { metric: 'genwarden_provider_outage', alerts: ['GenwardenProviderOutage'], byPool: true },
  { metric: 'genwarden_clock_offset_seconds', alerts: ['GenwardenClockSkew'], byPool: false },
  { metric: 'genwarden_jetstream_storage_bytes', alerts: ['GenwardenStorageFilling'], byPool: false },
  { metric: 'genwarden_jetstream_storage_limit_bytes', alerts: ['GenwardenStorageFilling'], byPool: false },
];

/** Silent without a leader, which is what `GenwardenNoLeader` is for. */
function isAbsent(form: RuleForm, { metric, byPool }: Twin): string {
  const leads = `max(${select(form, 'leader_election_master_status', 'name="controller"')}) == 1`;
  const hasPools = `count(${select(form, 'genwarden_pool_paused')}) > 0`;
  return [`absent(${select(form, metric)})`, leads, ...(byPool ? [hasPools] : [])].join('\nand on () ');
}

export const absentAlerts: readonly Alert[] = twins.map((twin) => ({
  name: 'GenwardenMetricAbsent',
  severity: 'warning',
  expr: (form) => isAbsent(form, twin),
  for: '10m',
  labels: { metric: twin.metric, alert: twin.alerts.join(', ') },
  // Spelled out, because texts of alerts see only the labels of the expression.
  summary: `A controller leads, but metric ${twin.metric} is absent`,
  description: `Alerts on this metric stay silent whatever happens (${twin.alerts.join(', ')}). Check that Prometheus scrapes every controller.`,
}));
