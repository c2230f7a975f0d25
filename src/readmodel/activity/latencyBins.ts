// Latencies as counts in bins whose bounds grow by a quarter of an octave, so that percentiles of any number of tasks take constant
// memory. A percentile is off by at most 19 %, the width of a bin, and exact if all latencies are equal.

import type { Duration } from '../../job/duration.ts';

export const binCount = 96;
/** ms; shorter latencies count in the first bin. The last bin ends at 2^24 times this, six days. */
const shortest = 32;
const binsPerOctave = 4;

export function binOf(latency: Duration): number {
  const bin = Math.floor(binsPerOctave * Math.log2(Math.max(latency, shortest) / shortest));
  return Math.min(bin, binCount - 1);
}

export interface Latencies {
  /** How many latencies are in each of the `binCount` bins. */
  readonly bins: ArrayLike<number>;
  /** The shortest and the longest of them, ms. */
  readonly min: Duration;
  readonly max: Duration;
}

/** The latency that a share of `part` (0 to 1) of the tasks did not exceed, ms; null if there are none. */
export function percentile({ bins, min, max }: Latencies, part: number): Duration | null {
  let total = 0;
  for (let bin = 0; bin < binCount; bin += 1) total += bins[bin]!;
  if (total === 0) return null;
  const rank = Math.max(1, Math.ceil(part * total));
  let below = 0;
  let bin = 0;
  while (below + bins[bin]! < rank) below += bins[bin++]!;
  const within = (rank - below - 0.5) / bins[bin]!;
  const latency = shortest * 2 ** ((bin + within) / binsPerOctave);
  return Math.round(Math.min(max, Math.max(min, latency)));
}
