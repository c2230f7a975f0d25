import { describe, expect, it } from 'vitest';
import { CallDurations } from '../../../src/worker/callDurations.ts';

describe('CallDurations', () => {
  it('estimates grow with time and never reach 1', () => {
    const durations = new CallDurations();
    const seen = [0, 1_000, 10_000, 60_000, 3_600_000].map((elapsed) => durations.estimate('m', elapsed));
    expect(seen[0]).toBe(0);
    expect(seen.toSorted((a, b) => a - b)).toEqual(seen);
    expect(seen.at(-1)).toBeLessThanOrEqual(0.9);
  });

  it('learns from the calls of each model', () => {
    const durations = new CallDurations();
    for (let call = 0; call < 20; call += 1) durations.record('quick', 1_000);
    durations.record('slow', 60_000);
    expect(durations.estimate('quick', 1_000)).toBeCloseTo(0.9 * (1 - Math.exp(-1)));
    expect(durations.estimate('slow', 1_000)).toBeLessThan(0.05);
  });
});
