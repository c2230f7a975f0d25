// What promtool feeds an alert with: the series of an installation in good health, of which a case changes some.

/** The minutes of a case, as values of a series in promtool's notation, one for each minute. */
export type Values = string;

export interface AlertCase {
  /** Such as `a worker returns after 4 minutes`. */
  readonly what: string;
  /** Series that differ from `healthy`, or come in addition; `undefined` removes all whose name begins so. */
  readonly series: Readonly<Record<string, Values | undefined>>;
  /** When the alert is looked at. */
  readonly atMinute: number;
  /** The alerts that fire, each with what its labels are apart from `severity`, and its summary. Empty: none. */
  readonly fires: readonly { readonly labels: Readonly<Record<string, string>>; readonly summary: string }[];
  /** Other alerts that fire for the same reason. */
  readonly also?: readonly string[];
  /** Expressions with the value that they have then; without a value, they select nothing. */
  readonly values?: Readonly<Record<string, number | undefined>>;
}

/** A gauge: `gauge([6, 0], [2, 1])` is 0 for 6 minutes, then 1 for 2. */
export const gauge = (...phases: (readonly [minutes: number, value: number])[]): Values =>
  phases.map(([minutes, value]) => `${value}x${minutes - 1}`).join(' ');

/** A counter: `counter([60, 10], [5, 0])` grows by 10 a minute for an hour, then stands still for 5 minutes. */
export function counter(...phases: (readonly [minutes: number, perMinute: number])[]): Values {
  let value = 0;
  return phases
    .map(([minutes, perMinute]) => {
      const from = value + perMinute;
      value += perMinute * minutes;
      return `${from}+${perMinute}x${minutes - 1}`;
    })
    .join(' ');
}

/** Minutes without a sample, of a process that can no longer be scraped. */
export const stale = (minutes: number): Values => `stale _x${minutes - 1}`;

export const inPool: Readonly<Record<string, string>> = { namespace: 'genwarden', pool: 'default' };
export const fires = (labels: Readonly<Record<string, string>>, summary: string): AlertCase['fires'] => [
  { labels, summary },
];

/** `normal` for 6 minutes, `fault` for `minutes`, and normal again for a minute. */
export const during = (normal: number, fault: number, minutes: number): Values =>
  gauge([6, normal], [minutes, fault], [1, normal]);

/** Looks at the last minute of the fault: the alert has been pending for one minute less. */
export const lastOf = (minutes: number): number => 5 + minutes;

const target = (pod: string): string => `namespace="genwarden",pod="${pod}",instance="${pod}:8083"`;
const leader = target('controller-0');
const standby = target('controller-1');
const api = target('api-0');
const pool = `${leader},pool="default"`;

/** The name of a series of the leading controller, the standby or the API. */
export const ofLeader = (metric: string, labels = ''): string => `${metric}{${leader}${labels && `,${labels}`}}`;
export const ofStandby = (metric: string, labels = ''): string => `${metric}{${standby}${labels && `,${labels}`}}`;
export const ofApi = (metric: string, labels = ''): string => `${metric}{${api}${labels && `,${labels}`}}`;
export const ofPool = (metric: string, labels = ''): string => `${metric}{${pool}${labels && `,${labels}`}}`;

export const succeeded = ofPool(
  'genwarden_tasks_finished_total',
  'kind="image",outcome="succeeded",reason="Succeeded"',
);
export const failed = (reason: string): string =>
  ofPool('genwarden_tasks_finished_total', `kind="image",outcome="failed",reason="${reason}"`);
export const results = ofPool('genwarden_task_duration_seconds_count', 'kind="image",outcome="succeeded"');
/** As Prometheus 3 stores the bound of the bucket. */
export const resultsInTime = ofPool(
  'genwarden_task_duration_seconds_bucket',
  'kind="image",outcome="succeeded",le="300.0"',
);
export const recoveries = ofLeader('genwarden_recovery_duration_seconds_count', 'rule="WorkerLost"');
export const recoveriesInTime = ofLeader('genwarden_recovery_duration_seconds_bucket', 'rule="WorkerLost",le="10.0"');

const always = (minutes: number, values: Readonly<Record<string, number>>): Record<string, Values> =>
  Object.fromEntries(Object.entries(values).map(([series, value]) => [series, gauge([minutes, value])]));

/** Two controllers, an API, and a pool that finishes 10 tasks a minute. */
export function healthy(minutes: number): Record<string, Values> {
  const steady = counter([minutes, 10]);
  return {
    ...always(minutes, {
      [ofLeader('leader_election_master_status', 'name="controller"')]: 1,
      [ofStandby('leader_election_master_status', 'name="controller"')]: 0,
      [ofLeader('genwarden_build_info', 'process="controller"')]: 1,
      [ofStandby('genwarden_build_info', 'process="controller"')]: 1,
      [ofApi('genwarden_build_info', 'process="api"')]: 1,
      [ofLeader('genwarden_nats_connected')]: 1,
      [ofApi('genwarden_nats_connected')]: 1,
      [ofPool('genwarden_tasks', 'state="queued"')]: 0,
      [ofPool('genwarden_tasks', 'state="running"')]: 2,
      [ofPool('genwarden_tasks', 'state="waiting"')]: 1,
      [ofPool('genwarden_oldest_open_task_timestamp_seconds', 'state="queued"')]: 0,
      [ofPool('genwarden_overdue_tasks')]: 0,
      [ofApi('genwarden_overdue_tasks', 'pool="default"')]: 0,
      [ofPool('genwarden_workers')]: 2,
      [ofPool('genwarden_keys', 'state="ready"')]: 2,
      [ofPool('genwarden_keys', 'state="busy"')]: 0,
      [ofPool('genwarden_keys', 'state="cooling"')]: 0,
      [ofPool('genwarden_keys', 'state="refused"')]: 0,
      [ofPool('genwarden_provider_outage', 'model="gemini"')]: 0,
      [ofPool('genwarden_pool_paused')]: 0,
      [ofLeader('genwarden_invariant_violations_total', 'invariant="TerminalTaskChanged"')]: 0,
      [ofLeader('genwarden_clock_offset_seconds')]: 0.01,
      [ofLeader('genwarden_jetstream_storage_bytes')]: 1e9,
      [ofLeader('genwarden_jetstream_storage_limit_bytes')]: 1e10,
      [ofApi('genwarden_webhook_deliveries_total', 'outcome="dead"')]: 0,
      [ofApi('genwarden_auth_source_up', 'source="oidc"')]: 1,
      [ofLeader('genwarden_storage_full', 'place="disk"')]: 0,
      [recoveries]: 3,
      [recoveriesInTime]: 3,
      [failed('ProviderUnavailable')]: 0,
    }),
    [succeeded]: steady,
    [results]: steady,
    [resultsInTime]: steady,
  };
}
