// How long tasks of a blocked model stay out of the queue.

import { describe, expect, test } from 'vitest';
import { monotonicFrom } from '../../../src/job/time.ts';
import { Parking } from '../../../src/worker/parking.ts';

const at = (until: number | null) => ({ until });

describe('Parking', () => {
  test('lasts until the block is expected to end, within bounds', () => {
    const delay = (until: number | null, random = 0) =>
      new Parking().delay(at(until), 10_000, monotonicFrom(0), random);
    expect(delay(11_500)).toBe(1_500);
    expect(delay(10_001)).toBe(100);
    expect(delay(5_000)).toBe(100);
    expect(delay(70_000)).toBe(3_000);
    expect(delay(null)).toBe(1_000);
    expect(delay(11_500, 0.5)).toBe(1_575);
    expect(new Parking().delay(undefined, 0, monotonicFrom(0), 0)).toBe(1_000);
  });

  test('grows with the number of returns in a second, and shrinks again', () => {
    const parking = new Parking();
    const delay = (moment: number): number => parking.delay(at(null), 0, monotonicFrom(moment), 0);
    for (let count = 0; count < 99; count += 1) expect(delay(500)).toBe(1_000);
    for (let count = 0; count < 900; count += 1) delay(600);
    expect(delay(700)).toBe(10_000);
    expect(delay(1_600)).toBe(10_000);
    expect(delay(2_700)).toBe(1_000);
  });
});
