import { describe, expect, it } from 'vitest';
import { CallDurations } from '../../../src/worker/callDurations.ts';

describe('CallDurations', () => {
  it('estimates grow with time while a call lasts no longer than usual, and vanish then', () => {
    const durations = new CallDurations();
    for (let call = 0; call < 20; call += 1) durations.record('m', 1_000);
    durations.record('m', 4_000);
    const estimates = [0, 500, 1_000].map((waited) => durations.timing('m', waited).estimate);
    expect(estimates[0]).toBe(0);
    expect(estimates[1]).toBeGreaterThan(0);
    expect(estimates[2]).toBeCloseTo(0.9 * (1 - Math.exp(-1)));
    expect(durations.timing('m', 1_001).estimate).toBe(0);
    expect(durations.timing('m', 80_000)).toMatchObject({ waited: 80_000, estimate: 0 });
  });

  it('says what is usual once a few calls of the model have succeeded', () => {
    const durations = new CallDurations();
    durations.record('m', 1_000);
    durations.record('m', 2_000);
    expect(durations.timing('m', 0).usual).toBeUndefined();
    durations.record('m', 9_000);
    expect(durations.timing('m', 0).usual).toEqual({ p50: 2_000, p95: 9_000 });
    expect(durations.timing('other', 0).usual).toBeUndefined();
  });

  it('forgets calls beyond the newest hundred', () => {
    const durations = new CallDurations();
    for (let call = 0; call < 100; call += 1) durations.record('m', 60_000);
    for (let call = 0; call < 100; call += 1) durations.record('m', 1_000);
    expect(durations.timing('m', 0).usual).toEqual({ p50: 1_000, p95: 1_000 });
  });

  it('claims no progress for the first calls of a model beyond the time that it guesses', () => {
    expect(new CallDurations().timing('m', 5_000).estimate).toBeGreaterThan(0);
    expect(new CallDurations().timing('m', 21_000).estimate).toBe(0);
  });
});
