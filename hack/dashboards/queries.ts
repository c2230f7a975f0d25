// The parts of the queries. Each selects one installation by its namespace, and adds up what its processes count.

import { metricList } from '../../src/telemetry/metrics.ts';

/** For quantiles: as jobs take seconds to minutes, shorter windows have too few of them. */
const window = '5m';

/** Attempts that had a result. */
export const withResult = 'outcome=~"succeeded|needs_review"';

/** One metric of the installation; `matchers` as in PromQL, for example `state="queued"`. */
export const of = (metric: string, matchers = ''): string =>
  `${metric}{namespace=~"$namespace"${matchers === '' ? '' : `,${matchers}`}}`;

/** Events a minute. */
export const perMinute = (by: string, counter: string, matchers = ''): string =>
  `60 * ${sum(by, `rate(${of(counter, matchers)}[$__rate_interval])`)}`;

export const perHour = (by: string, counter: string, matchers = ''): string =>
  `3600 * ${sum(by, `rate(${of(counter, matchers)}[$__rate_interval])`)}`;

/** Events in the time range of the dashboard. */
export const inRange = (by: string, counter: string, matchers = ''): string =>
  sum(by, `increase(${of(counter, matchers)}[$__range])`);

/** A gauge of which each process has its part. */
export const total = (by: string, gauge: string, matchers = ''): string => sum(by, of(gauge, matchers));

/**
 * A gauge of which one process exports the whole value, such as those of the leading controller. While the leader changes, two
 * processes may. Adds up over installations, and over the labels that are not in `by`.
 */
export function level(by: string, gauge: string, matchers = ''): string {
  const labels = metricList.find(({ name }) => name === gauge)!.labels;
  return sum(by, `max by (${['namespace', ...labels].join(', ')}) (${of(gauge, matchers)})`);
}

/** The greatest value of a gauge. */
export const greatest = (by: string, gauge: string, matchers = ''): string =>
  `max${grouped(by)} (${of(gauge, matchers)})`;

/** In seconds, of what ended in the last five minutes. */
export const quantile = (share: number, by: string, histogram: string, matchers = ''): string =>
  `histogram_quantile(${share}, ${sum(by === '' ? 'le' : `le, ${by}`, `rate(${of(`${histogram}_bucket`, matchers)}[${window}])`)})`;

/** The median and the 95th percentile. */
export const typicalAndSlow = (by: string, histogram: string, matchers = ''): (readonly [string, string])[] => {
  const name =
    by === ''
      ? ''
      : `${by
          .split(', ')
          .map((label) => `{{${label}}}`)
          .join(' ')} `;
  return [
    [`${name}p50`, quantile(0.5, by, histogram, matchers)],
    [`${name}p95`, quantile(0.95, by, histogram, matchers)],
  ];
};

/** Metrics that a process exports from its start on, so that they tell whether it is scraped at all. */
const always = {
  /** The one that leads: the others know nothing. */
  controller: `${of('leader_election_master_status', 'name="controller"')} == 1`,
  worker: of('genwarden_slots'),
  api: of('genwarden_event_streams'),
} as const;

/**
 * 0 without a series, while the process that would count is scraped. Nothing if it is not: then nobody knows. The series of
 * an expression grouped by `label` then has the value `none`.
 */
export function orZero(expr: string, owner: keyof typeof always, label?: string): string {
  const zero = `0 * max (${always[owner]})`;
  return `${expr} or on () ${label === undefined ? zero : `label_replace(${zero}, "${label}", "none", "", "")`}`;
}

/** The series above 0, as those at 0 would hide the few that matter. */
export const aboveZero = (expr: string, owner: keyof typeof always, label: string): string =>
  orZero(`(${expr}) > 0`, owner, label);

/** Seconds since a time that is 0 if there is none. */
export const age = (by: string, timestamp: string, matchers = ''): string =>
  `time() - (min${grouped(by)} (${of(timestamp, matchers)} > 0)) or 0 * ${greatest(by, timestamp, matchers)}`;

/** A metric of every process, with the kind of the process that exports it. */
export const byProcess = (aggregation: 'min' | 'max' | 'sum' | 'count', expr: string): string =>
  `${aggregation} by (process) (${expr} * on (instance) group_left (process) ${of('genwarden_build_info')})`;

const sum = (by: string, expr: string): string => `sum${grouped(by)} (${expr})`;

const grouped = (by: string): string => (by === '' ? '' : ` by (${by})`);
