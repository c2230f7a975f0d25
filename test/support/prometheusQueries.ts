// The HTTP API of a Prometheus server, as far as the tests read it.

import { until } from './until.ts';

export type Labels = Readonly<Record<string, string>>;

/** The value of one series at one time. */
export interface Sample {
  /** Without `__name__` after most operators. */
  readonly labels: Labels;
  readonly value: number;
  /** Unix time, seconds. */
  readonly time: number;
}

export interface Series {
  readonly labels: Labels;
  /** In the order of time, seconds. */
  readonly points: readonly { readonly time: number; readonly value: number }[];
}

export interface Alert {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly state: 'pending' | 'firing';
  readonly activeAt: string;
  readonly value: string;
}

export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly {
    readonly type: 'recording' | 'alerting';
    readonly name: string;
    readonly query: string;
    /** `err` with `lastError` if the last evaluation failed. */
    readonly health: 'ok' | 'err' | 'unknown';
    readonly lastError?: string;
    /** Of an alert. */
    readonly state?: 'inactive' | 'pending' | 'firing';
  }[];
}

export interface ScrapedTarget {
  readonly labels: Labels;
  readonly scrapeUrl: string;
  readonly health: 'up' | 'down' | 'unknown';
  readonly lastError: string;
  /** RFC 3339; its year is 1 before the first scrape. */
  readonly lastScrape: string;
  /** Seconds. */
  readonly lastScrapeDuration: number;
}

export interface ExemplarSeries {
  readonly seriesLabels: Labels;
  readonly exemplars: readonly { readonly labels: Labels; readonly value: string; readonly timestamp: number }[];
}

/** Seconds between two points; the times are Unix times in seconds. */
export interface Range {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

export interface PrometheusQueries {
  /** One sample for each series, at a Unix time in seconds or now; a scalar has no labels. Throws what Prometheus says of a bad expression. */
  query(expr: string, at?: number): Promise<readonly Sample[]>;
  /** The sum over the series of an expression; 0 without any. */
  total(expr: string, at?: number): Promise<number>;
  range(expr: string, over: Range): Promise<readonly Series[]>;
  /** As they were scraped, in the last `window`; default `1h`. */
  samples(selector: string, window?: string): Promise<readonly Series[]>;
  /** The label sets that have had a sample in the last hour. */
  series(selector: string): Promise<readonly Labels[]>;
  labelValues(label: string, selector?: string): Promise<readonly string[]>;
  exemplars(selector: string): Promise<readonly ExemplarSeries[]>;
  alerts(): Promise<readonly Alert[]>;
  rules(): Promise<readonly RuleGroup[]>;
  targets(): Promise<readonly ScrapedTarget[]>;
  /** Resolves when each target has been scraped, or has failed to answer a scrape, that began after this call. */
  scraped(): Promise<void>;
}

interface Point {
  readonly metric: Labels;
  readonly value: readonly [number, string];
}

interface Matrix {
  readonly metric: Labels;
  readonly values: readonly (readonly [number, string])[];
}

const hourMs = 3_600_000;

/** `url` without a slash at the end. */
export function prometheusQueries(url: string): PrometheusQueries {
  const query: PrometheusQueries['query'] = async (expr, at) => {
    const data = await get<Evaluated>(url, 'query', { query: expr, ...(at === undefined ? {} : { time: String(at) }) });
    if (data.resultType === 'scalar') return [toSample({ metric: {}, value: data.result })];
    if (data.resultType === 'vector') return data.result.map(toSample);
    throw new Error(`${expr} is a ${data.resultType}: use samples()`);
  };
  const targets: PrometheusQueries['targets'] = async () =>
    (await get<{ activeTargets: ScrapedTarget[] }>(url, 'targets', { state: 'active' })).activeTargets;
  const lastHour = (): Record<string, string> => ({
    start: String((Date.now() - hourMs) / 1000),
    end: String(Date.now() / 1000 + 1),
  });
  return {
    query,
    targets,
    total: async (expr, at) => (await query(expr, at)).reduce((sum, { value }) => sum + value, 0),
    range: async (expr, { start, end, step }) => {
      const over = { start: String(start), end: String(end), step: String(step) };
      return (await get<{ result: Matrix[] }>(url, 'query_range', { query: expr, ...over })).result.map(toSeries);
    },
    samples: async (selector, window = '1h') => {
      const data = await get<{ result: Matrix[] }>(url, 'query', { query: `${selector}[${window}]` });
      return data.result.map(toSeries);
    },
    series: (selector) => get<Labels[]>(url, 'series', { 'match[]': selector, ...lastHour() }),
    labelValues: (label, selector) =>
      get<string[]>(url, `label/${label}/values`, selector === undefined ? {} : { 'match[]': selector }),
    exemplars: (selector) => get<ExemplarSeries[]>(url, 'query_exemplars', { query: selector, ...lastHour() }),
    alerts: async () => (await get<{ alerts: Alert[] }>(url, 'alerts')).alerts,
    rules: async () => (await get<{ groups: RuleGroup[] }>(url, 'rules')).groups,
    scraped: () => scraped(query, targets),
  };
}

/** `up` is stored together with the samples of its scrape, with the time at which the scrape began. */
async function scraped(query: PrometheusQueries['query'], targets: PrometheusQueries['targets']): Promise<void> {
  const since = Date.now() / 1000;
  const addresses = (await targets()).map(({ labels }) => `${labels['job']} ${labels['instance']}`);
  const areScraped = async (): Promise<boolean> => {
    const times = await query('timestamp(up)');
    const after = new Set(
      times.filter(({ value }) => value >= since).map(({ labels }) => `${labels['job']} ${labels['instance']}`),
    );
    return addresses.every((address) => after.has(address));
  };
  await until(areScraped, { what: `a scrape of ${addresses.join(', ')}`, timeoutMs: 60_000, intervalMs: 100 });
}

type Evaluated =
  | { readonly resultType: 'vector'; readonly result: readonly Point[] }
  | { readonly resultType: 'scalar'; readonly result: Point['value'] }
  | { readonly resultType: 'matrix' | 'string'; readonly result: unknown };

/** Prometheus writes NaN and the infinities as `NaN`, `+Inf` and `-Inf`. */
function toNumber(text: string): number {
  return text.endsWith('Inf') ? Number(text.replace('Inf', 'Infinity')) : Number(text);
}

function toSample({ metric, value: [time, text] }: Point): Sample {
  return { labels: metric, value: toNumber(text), time };
}

function toSeries({ metric, values }: Matrix): Series {
  return { labels: metric, points: values.map(([time, text]) => ({ time, value: toNumber(text) })) };
}

interface Answer<T> {
  readonly status: 'success' | 'error';
  readonly data?: T;
  readonly error?: string;
}

async function get<T>(url: string, path: string, parameters: Record<string, string> = {}): Promise<T> {
  const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`);
  const answer = (await response.json()) as Answer<T>;
  if (answer.status === 'success') return answer.data!;
  throw new Error(`Prometheus refuses ${parameters['query'] ?? path}: ${answer.error ?? response.status}`);
}
