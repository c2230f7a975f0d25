// Chooses the most exact of the recent samples of the server's time.

export interface Sample {
  /** The server's time minus this process's monotonic time, ms. */
  readonly anchor: number;
  /** From request to answer, ms: the anchor is wrong by half of it at most. */
  readonly roundTrip: number;
}

const maxSamples = 8;
/** How far two clocks may drift apart between samples, ms. */
const maxDrift = 20;

/** Adds a sample, newest first. A sample that the earlier ones cannot explain means that a clock jumped: it replaces them all. */
export function withSample(earlier: readonly Sample[], latest: Sample): readonly Sample[] {
  if (earlier.length > 0 && jumped(mostExact(earlier), latest)) return [latest];
  return [latest, ...earlier].slice(0, maxSamples);
}

/** The sample with the shortest round trip, the newer of two equals. There must be at least one. */
export function mostExact(samples: readonly Sample[]): Sample {
  return samples.reduce((best, sample) => (sample.roundTrip < best.roundTrip ? sample : best));
}

const jumped = (best: Sample, latest: Sample): boolean =>
  Math.abs(best.anchor - latest.anchor) > (best.roundTrip + latest.roundTrip) / 2 + maxDrift;
