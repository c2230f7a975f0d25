// Elapsed time, percentiles, and loops with a limit on concurrent operations.

import { mapLimit } from '../src/async/mapLimit.ts';

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Seconds that `work` took. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1_000;
}

/** Nearest-rank percentiles; `values` must not be empty. */
export function percentiles(values: readonly number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!;
  return { p50: at(0.5), p99: at(0.99), max: sorted.at(-1)! };
}

export const median = (values: readonly number[]): number => percentiles(values).p50;

/** Runs `work` for 0 … count - 1, `atOnce` of them at a time. */
export async function inParallel(
  count: number,
  atOnce: number,
  work: (index: number) => Promise<unknown>,
): Promise<void> {
  await mapLimit(atOnce, Array.from({ length: count }), (_, index) => work(index));
}
