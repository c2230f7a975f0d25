// Writes the metrics of a registry in the format that a scrape asks for: OpenMetrics, which has exemplars, or text.

import { Registry, type Metric } from 'prom-client';

interface Exposition {
  readonly type: string;
  readonly body: string;
}

/**
 * All values are read before the first await, so they belong to one instant. `collect` functions must not be
 * asynchronous: a scrape is answered although NATS is away.
 */
export async function expose(registry: Registry, accept: string | undefined): Promise<Exposition> {
  const type = wantsOpenMetrics(accept) ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE;
  const page = new Registry<typeof type>();
  page.setContentType(type);
  for (const metric of registry.getMetricsAsArray() as unknown as Metric[]) page.registerMetric(snapshotOf(metric));
  return { type, body: await page.metrics() };
}

/** What prom-client does not declare. */
interface Internals {
  readonly collect?: () => void;
  readonly hashMap: Readonly<Record<string, object>>;
}

/**
 * A copy of the metric for one page. prom-client renames the counters that it writes as OpenMetrics, and formats counters and
 * gauges after an await, when their values may have changed.
 */
function snapshotOf(metric: Metric): Metric {
  const internals = metric as unknown as Internals;
  internals.collect?.();
  const values = Object.entries(internals.hashMap).map(([key, value]) => [key, { ...value }]);
  const { name } = metric as unknown as { name: string };
  return Object.assign(Object.create(metric) as Metric, {
    name,
    collect: undefined,
    hashMap: Object.fromEntries(values) as Internals['hashMap'],
  });
}

/** The formats have the quality that the header gives them; text wins unless OpenMetrics is named and at least as good. */
function wantsOpenMetrics(accept = '*/*'): boolean {
  const quality = qualities(accept);
  const text = Math.max(...['text/plain', 'text/*', '*/*'].map((type) => quality.get(type) ?? 0));
  const openMetrics = quality.get('application/openmetrics-text') ?? 0;
  return openMetrics > 0 && openMetrics >= text;
}

/** The best quality of each media type; versions and other parameters are ignored. */
function qualities(accept: string): ReadonlyMap<string, number> {
  const best = new Map<string, number>();
  for (const range of accept.toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    const given = parameters.find((parameter) => parameter.startsWith('q='));
    const quality = given === undefined ? 1 : Number(given.slice(2));
    if (Number.isFinite(quality)) best.set(type, Math.max(best.get(type) ?? 0, quality));
  }
  return best;
}
