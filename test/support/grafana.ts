// What Grafana does with a dashboard before it draws: it replaces the variables in a query, sends the query for a time range or an
// instant, and names the series.

import type { Labels, PrometheusQueries } from './prometheusQueries.ts';

/** The parts of a panel's JSON that decide what it shows. */
export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly links?: readonly { readonly title: string; readonly url: string }[];
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: FieldConfig;
  readonly targets?: readonly Target[];
}

export interface FieldConfig {
  readonly defaults: {
    readonly unit?: string;
    readonly max?: number;
    readonly noValue?: string;
    readonly thresholds?: { readonly steps: readonly { readonly value: number | null; readonly color: string }[] };
    readonly mappings?: readonly { readonly options: Readonly<Record<string, { text: string; color: string }>> }[];
    readonly custom?: {
      readonly stacking?: { readonly mode: string };
      readonly thresholdsStyle?: { readonly mode: string };
      readonly fillOpacity?: number;
    };
  };
  readonly overrides: readonly {
    readonly matcher: { readonly id: string; readonly options: string };
    readonly properties: readonly { readonly id: string; readonly value: { readonly fixedColor?: string } }[];
  }[];
}

export interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat: string;
  readonly instant: boolean;
}

export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query?: string | { readonly query: string };
  readonly includeAll?: boolean;
  readonly allValue?: string;
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly templating: { readonly list: readonly Variable[] };
  readonly panels: readonly Panel[];
}

/** What a person sees: a time range, in Unix seconds, and how far apart its points are. */
export interface View {
  readonly start: number;
  readonly end: number;
  readonly step: number;
  /** Seconds between scrapes, as the data source is configured. */
  readonly scrapeInterval: number;
  /** The chosen values of variables. */
  readonly values: Readonly<Record<string, string>>;
}

export interface Shown {
  readonly name: string;
  /** One point for an instant. Only those that are numbers. */
  readonly points: readonly { readonly time: number; readonly value: number }[];
}

/** The query that Prometheus gets. Throws if a variable is unknown. */
export function interpolated(expr: string, { start, end, step, scrapeInterval, values }: View): string {
  const rateInterval = Math.max(step + scrapeInterval, 4 * scrapeInterval);
  const all = { ...values, __range: `${Math.ceil(end - start)}s`, __rate_interval: `${Math.ceil(rateInterval)}s` };
  return expr.replaceAll(/\$(\w+)/g, (variable, name: string) => {
    const value = (all as Readonly<Record<string, string>>)[name];
    if (value === undefined) throw new Error(`${expr} uses ${variable}, which the dashboard does not have`);
    return value;
  });
}

/** The series of a query, as they appear in the legend. */
export async function shown(prometheus: PrometheusQueries, target: Target, view: View): Promise<Shown[]> {
  const expr = interpolated(target.expr, view);
  const series = target.instant
    ? (await prometheus.query(expr, view.end)).map(({ labels, time, value }) => ({ labels, points: [{ time, value }] }))
    : await prometheus.range(expr, view);
  return series
    .map(({ labels, points }) => ({
      name: nameOf(labels, target),
      points: points.filter(({ value }) => Number.isFinite(value)),
    }))
    .filter(({ points }) => points.length > 0)
    .toSorted((one, other) => one.name.localeCompare(other.name, 'en'));
}

function nameOf(labels: Labels, { legendFormat }: Target): string {
  return legendFormat === '__auto'
    ? ''
    : legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? '');
}

/**
 * The values that the menu of each variable offers, without those of data sources; a variable that is no query has one. Queries
 * may use variables before them: `chosen` says what a person has picked there, the default being all or the first value.
 */
export async function choices(
  prometheus: PrometheusQueries,
  { templating }: Dashboard,
  chosen: Readonly<Record<string, string>> = {},
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  const values: Record<string, string> = { ...chosen };
  for (const variable of templating.list.filter(({ type }) => type !== 'datasource')) {
    const options = await optionsOf(prometheus, variable, values);
    found.set(variable.name, options);
    values[variable.name] ??= defaultOf(variable, options);
  }
  return found;
}

/** What Grafana puts into queries before anybody has chosen anything. */
export async function defaults(prometheus: PrometheusQueries, dashboard: Dashboard): Promise<Record<string, string>> {
  const options = await choices(prometheus, dashboard);
  const variables = dashboard.templating.list.filter(({ type }) => type !== 'datasource');
  return Object.fromEntries(variables.map((each) => [each.name, defaultOf(each, options.get(each.name) ?? [])]));
}

const defaultOf = ({ includeAll, allValue }: Variable, [first]: readonly string[]): string =>
  includeAll === true && allValue !== undefined ? allValue : (first ?? '');

async function optionsOf(
  prometheus: PrometheusQueries,
  { type, query }: Variable,
  values: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  if (type === 'constant') return [query as string];
  const text = typeof query === 'object' ? query.query : '';
  const [, selector, label] = /^label_values\((.+), (\w+)\)$/.exec(text) ?? [];
  if (selector === undefined || label === undefined) throw new Error(`not a query for the values of a label: ${text}`);
  const asked = selector.replaceAll(/\$(\w+)/g, (_, name: string) => values[name] ?? '');
  return (await prometheus.labelValues(label, asked)).toSorted();
}
