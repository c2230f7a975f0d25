// Alerts on what Genwarden cannot recover from by itself.

import type { Alert } from './alert.ts';
import { select, type RuleForm } from './form.ts';
import { queuedRecord } from './objectives.ts';

/** The longest value of a gauge that several processes may show. */
const highest = (form: RuleForm, by: string, metric: string, ...matchers: string[]): string =>
  `max by (${by}) (${select(form, metric, ...matchers)})`;

const tasks: readonly Alert[] = [
  {
    name: 'GenwardenTasksOverdue',
    severity: 'critical',
    expr: (form) => `${highest(form, 'namespace, pool', 'genwarden_overdue_tasks')} > 0`,
    for: '1m',
    summary: 'Tasks of pool {{ $labels.pool }} are overdue',
    description:
      'No controller requeues or fails them. Run `genwarden stuck` to see which they are, and check the controller pods and NATS.',
  },
  {
    name: 'GenwardenInvariantViolated',
    severity: 'critical',
    expr: (form) =>
      `sum by (namespace, invariant) (increase(${select(form, 'genwarden_invariant_violations_total')}[1h])) > 0`,
    summary: 'Invariant {{ $labels.invariant }} was violated',
    description: "This is a bug. Run `genwarden doctor --bundle`, save the controller's log, and report it.",
  },
  {
    name: 'GenwardenQueueWithoutWorkers',
    severity: 'warning',
    expr: (form) =>
      `${select(form, queuedRecord)} > 0\n` +
      `and on (namespace, pool) ${highest(form, 'namespace, pool', 'genwarden_workers')} == 0`,
    for: '5m',
    summary: 'Pool {{ $labels.pool }} has queued tasks but no workers',
    description:
      'Check whether its pods are pending or crash, or whether the pool is scaled to 0. Run `genwarden pools` for details.',
  },
  {
    name: 'GenwardenQueueGrowing',
    severity: 'warning',
    // A single burst of submits is longer than 30 minutes ago for at most 30 minutes, the first 10 of which do not count.
    expr: (form) =>
      `${select(form, queuedRecord)} > ${select(form, queuedRecord)} offset 30m\n` +
      `and on (namespace, pool) ${select(form, queuedRecord)} >= 20\n` +
      `and on (namespace, pool) time() - (${highest(form, 'namespace, pool', 'genwarden_oldest_open_task_timestamp_seconds', 'state="queued"')} > 0) > 600`,
    for: '30m',
    summary: 'The queue of pool {{ $labels.pool }} keeps growing, to {{ $value }} tasks',
    description:
      'More tasks are submitted than are finished, and the oldest has waited for more than 10 minutes. Run `genwarden top --once`: the pool needs more workers, slots or API keys.',
  },
];

const provider: readonly Alert[] = [
  {
    name: 'GenwardenKeysExhausted',
    severity: 'critical',
    // Keys that cool down for a minute after a 429 are no reason, nor are keys that nothing waits for.
    expr: (form) =>
      `sum by (namespace, pool) (${select(form, 'genwarden_keys', 'state=~"ready|busy"')}) == 0\n` +
      `and on (namespace, pool) sum by (namespace, pool) (${select(form, 'genwarden_keys')}) > 0\n` +
      `and on (namespace, pool) sum by (namespace, pool) (${select(form, 'genwarden_tasks', 'state=~"queued|waiting"')}) > 0`,
    for: '5m',
    summary: 'No API key of pool {{ $labels.pool }} can be used',
    description:
      'All keys cool down or are refused, and tasks wait for them. Run `genwarden pools` to see until when. Add keys, or raise the quota at the provider.',
  },
  {
    name: 'GenwardenKeysRefused',
    severity: 'warning',
    expr: (form) => `${highest(form, 'namespace, pool', 'genwarden_keys', 'state="refused"')} > 0`,
    for: '1m',
    summary: 'API keys of pool {{ $labels.pool }} that the provider rejects: {{ $value }}',
    description: 'Replace the key in its Secret. Run `genwarden pools` to see which key it is.',
  },
  {
    name: 'GenwardenProviderOutage',
    severity: 'warning',
    expr: (form) => `${highest(form, 'namespace, pool, model', 'genwarden_provider_outage')} > 0`,
    for: '5m',
    summary:
      'The provider has failed for every task of model {{ $labels.model }} in pool {{ $labels.pool }} for 5 minutes',
    description:
      'Its tasks wait, and continue by themselves once the provider answers. Check the status page of the provider. Run `genwarden pools` for details.',
  },
];

const processes: readonly Alert[] = [
  {
    name: 'GenwardenNoLeader',
    severity: 'critical',
    // 0 while any process of the installation is scraped, so that the alert stays the same one when the last controller goes.
    expr: (form) =>
      `(\n  sum by (namespace) (${select(form, 'leader_election_master_status', 'name="controller"')})\n` +
      `  or 0 * count by (namespace) (${select(form, 'genwarden_build_info')})\n) != 1\n` +
      `or absent(${select(form, 'genwarden_build_info')})`,
    for: '1m',
    summary: 'The number of leading controllers is not 1',
    description: 'Without a leader, lost and overdue tasks are not recovered. Check the controller pods and NATS.',
  },
  {
    name: 'GenwardenNatsAway',
    severity: 'critical',
    expr: (form) => `${select(form, 'genwarden_nats_connected')} == 0`,
    for: '1m',
    summary: '{{ with $labels.pod }}{{ . }}{{ else }}{{ $labels.instance }}{{ end }} is not connected to NATS',
    description: 'No job is lost, but no task makes progress here. Check NATS.',
  },
  {
    name: 'GenwardenClockSkew',
    severity: 'warning',
    expr: (form) => `max by (namespace) (abs(${select(form, 'genwarden_clock_offset_seconds')})) > 1`,
    for: '5m',
    summary: 'The clocks of NATS and the controller differ by {{ $value | humanizeDuration }}',
    description:
      'Jobs are not affected, because every process uses the time of NATS. The times in logs and traces are off. Check the time synchronization of both machines.',
  },
  {
    name: 'GenwardenWebhooksDead',
    severity: 'warning',
    // Not the number of dead deliveries: they are kept for days, also after someone has looked at them.
    expr: (form) =>
      `sum by (namespace) (increase(${select(form, 'genwarden_webhook_deliveries_total', 'outcome="dead"')}[1h])) > 0`,
    summary: 'Webhook deliveries were given up in the last hour',
    description:
      'Their receivers did not accept them. Run `genwarden webhooks dead` to see why, and `genwarden webhooks resend` once the receiver works.',
  },
  {
    name: 'GenwardenAuthSourceDown',
    severity: 'warning',
    expr: (form) => `min by (namespace, source) (${select(form, 'genwarden_auth_source_up')}) == 0`,
    for: '10m',
    summary: 'The API cannot read its source of tokens ({{ $labels.source }})',
    description:
      'The tokens or keys that it read last are still in use, so changes have no effect. Run `genwarden doctor`: its checks `tokens` and `issuer` name the cause.',
  },
];

const storage: readonly Alert[] = [
  {
    name: 'GenwardenStorageFilling',
    severity: 'warning',
    // Submits are refused from 85 % on. A limit of 0 means that there is none.
    expr: (form) =>
      `${highest(form, 'namespace', 'genwarden_jetstream_storage_bytes')}\n` +
      `/ (${highest(form, 'namespace', 'genwarden_jetstream_storage_limit_bytes')} > 0) > 0.7`,
    for: '15m',
    summary: 'The stream uses {{ $value | humanizePercentage }} of its storage',
    description:
      'Submits are refused from 85 % on. Raise the limit of the stream, or shorten the retention. Run `genwarden doctor`: its checks `stream` and `account` show the limits.',
  },
  {
    name: 'GenwardenStorageFull',
    severity: 'critical',
    expr: (form) => `${highest(form, 'namespace, place', 'genwarden_storage_full')} > 0`,
    for: '1m',
    summary: 'The storage is full: {{ $labels.place }}',
    description:
      'Submits are refused, and results may wait for room. Run `genwarden doctor`: its check `storage` tells what to do.',
  },
];

export const stateAlerts: readonly Alert[] = [...tasks, ...provider, ...processes, ...storage];
