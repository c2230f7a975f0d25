// The metrics of the leading controller.

import { counter, gauge, histogram, lifetimeBuckets, tracedHistogram } from './define.ts';
import { fallbacks, leader, overdueTasks } from './shared.ts';

export const controllerDefinitions = {
  tasks: gauge('genwarden_tasks', 'Open tasks by state', ['pool', 'state']),
  tasksWaiting: gauge('genwarden_tasks_waiting', 'Open tasks that do not run, by the reason why they wait', [
    'pool',
    'cause',
  ]),
  tasksFinished: counter('genwarden_tasks_finished_total', 'Tasks that became terminal', [
    'pool',
    'kind',
    'outcome',
    'reason',
  ]),
  taskDuration: tracedHistogram(
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
  providerOutages: counter('genwarden_provider_outages_total', 'Outages of a model that began', ['pool', 'model']),
  outageStart: gauge(
    'genwarden_provider_outage_start_timestamp_seconds',
    'When the current outage of the model began; 0 without one',
    ['pool', 'model'],
  ),
  poolSpending: gauge('genwarden_pool_spending', 'What calls cost so far in this day or month (UTC)', [
    'pool',
    'period',
  ]),
  poolBudget: gauge('genwarden_pool_budget', 'What calls may cost in a day or month', ['pool', 'period']),
  fallbacks,
  clockOffset: gauge('genwarden_clock_offset_seconds', 'Clock of the NATS server minus the clock of this process'),
  jetstreamStorage: gauge('genwarden_jetstream_storage_bytes', 'Bytes stored in the stream'),
  jetstreamStorageLimit: gauge(
    'genwarden_jetstream_storage_limit_bytes',
    'Bytes that the stream may store; 0 without a limit',
  ),
  artifactsSwept: counter('genwarden_artifacts_swept_total', 'Expired artifacts that were deleted from S3', ['what']),
  sweepFinished: gauge('genwarden_artifact_sweep_timestamp_seconds', 'When the last round through S3 ended'),
  leader,
} as const;
