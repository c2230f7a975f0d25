// Compares a metric, as a real Prometheus has it, with what it should be, and adds a row to the table of the run.

import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import type { PrometheusQueries, Series } from '../../support/prometheusQueries.ts';
import { until } from '../../support/until.ts';
import { sumOf, type Counts } from './observed.ts';
import { addValueRow } from './valueRows.ts';

export interface Comparison {
  /** A selector of a counter, or an expression for anything else. */
  readonly metric: string;
  /** The labels by which it is summed. */
  readonly by: readonly string[];
  readonly expected: Counts;
}

/** All that was ever counted, by processes that have ended too. */
export const compareCounter = (prometheus: PrometheusQueries, comparison: Comparison): Promise<void> =>
  compare(comparison, async ({ metric, by }) =>
    grouped((await prometheus.samples(metric)).map((series) => [keyOf(series.labels, by), counted(series)])),
  );

/** Its value now. */
export const compareValue = (prometheus: PrometheusQueries, comparison: Comparison): Promise<void> =>
  compare(comparison, async ({ metric, by }) =>
    grouped((await prometheus.query(metric)).map(({ labels, value }) => [keyOf(labels, by), value])),
  );

/** Prometheus may be a scrape behind, and the controller a survey. */
async function compare(comparison: Comparison, read: (comparison: Comparison) => Promise<Counts>): Promise<void> {
  const { metric, expected } = comparison;
  let got: Counts = {};
  const fits = async (): Promise<boolean> => isDeepStrictEqual((got = await read(comparison)), sorted(expected));
  await until(fits, { what: metric, timeoutMs: 30_000, intervalMs: 500 }).catch(() => undefined);
  addValueRow({ metric, expected: inWords(expected), got: inWords(got) });
  expect({ [metric]: got }).toEqual({ [metric]: sorted(expected) });
}

const keyOf = (labels: Readonly<Record<string, string>>, by: readonly string[]): string =>
  by.map((label) => labels[label] ?? '').join(' ');

/** Counters begin at 0, and at 0 again with each process. */
function counted({ points }: Series): number {
  return points.reduce(
    ({ sum, last }, { value }) => ({ sum: sum + (value >= last ? value - last : value), last: value }),
    { sum: 0, last: 0 },
  ).sum;
}

const grouped = (entries: readonly (readonly [string, number])[]): Counts => sorted(sumOf(entries));

/** Rounded, since sums of floating-point numbers depend on their order. */
const sorted = (counts: Counts): Counts =>
  Object.fromEntries(
    Object.entries(counts)
      .map(([key, value]) => [key, Math.round(value * 1e6) / 1e6] as const)
      .toSorted(([one], [other]) => one.localeCompare(other)),
  );

function inWords(counts: Counts): string {
  const values = Object.values(counts);
  const total = Math.round(values.reduce((sum, value) => sum + value, 0) * 1e6) / 1e6;
  return values.length === 1 ? String(total) : `${total} in ${values.length}`;
}
