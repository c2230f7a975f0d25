// Which of the recent looks at the server's time to believe.

export interface Sample {
  /** The server's time less this process's monotonic time, ms. */
  readonly anchor: number;
  /** Between question and answer, ms: half of it is the most that the anchor can be wrong. */
  readonly roundTrip: number;
}

const kept = 8;
const drift = 20;

/** The samples to go on with, newest first. One that the earlier ones cannot explain means that a clock jumped: it stands alone. */
export function withSample(earlier: readonly Sample[], latest: Sample): readonly Sample[] {
  if (earlier.length > 0 && jumped(mostExact(earlier), latest)) return [latest];
  return [latest, ...earlier].slice(0, kept);
}

/** The one with the shortest round trip; of two such the newer. At least one is needed. */
export function mostExact(samples: readonly Sample[]): Sample {
  return samples.reduce((best, sample) => (sample.roundTrip < best.roundTrip ? sample : best));
}

const jumped = (best: Sample, latest: Sample): boolean =>
  Math.abs(best.anchor - latest.anchor) > (best.roundTrip + latest.roundTrip) / 2 + drift;
