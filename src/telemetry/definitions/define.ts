// How a metric is defined: its type, name, help, labels and buckets. `metrics.ts` creates it on a registry.

export interface Definition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly buckets?: readonly number[];
  /** True if its observations may carry a trace id. */
  readonly exemplars?: boolean;
}

export const counter = <const L extends string = never>(name: string, help: string, labels: readonly L[] = []) =>
  ({ type: 'counter', name, help, labels }) as const;
export const gauge = <const L extends string = never>(name: string, help: string, labels: readonly L[] = []) =>
  ({ type: 'gauge', name, help, labels }) as const;
export const histogram = <const L extends string = never>(
  name: string,
  help: string,
  labels: readonly L[],
  buckets: readonly number[],
) => ({ type: 'histogram', name, help, labels, buckets }) as const;

/** A histogram whose buckets show the trace of a recent observation. */
export const tracedHistogram = <const L extends string = never>(
  name: string,
  help: string,
  labels: readonly L[],
  buckets: readonly number[],
) => ({ type: 'histogram', name, help, labels, buckets, exemplars: true }) as const;

/**
 * Seconds. Text takes seconds, images up to minutes, and the longest timeouts are an hour. The objectives of alerts, such as 10 s
 * and 300 s, must be among them. prom-client has no native histograms.
 */
export const lifetimeBuckets = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 90, 120, 300, 600, 1800, 3600] as const;
