// Which sample of the server's time is believed.

import { expect, test } from 'vitest';
import { mostExact, withSample, type Sample } from '../../../src/adapters/nats/clock/samples.ts';

const sample = (anchor: number, roundTrip: number): Sample => ({ anchor, roundTrip });

test('the sample with the shortest round trip is the most exact while it explains the others', () => {
  const samples = [sample(1_004, 10), sample(1_000, 1), sample(996, 12)].reduce(withSample, [] as readonly Sample[]);
  expect(mostExact(samples).anchor).toBe(1_000);
});

test('a sample that the others cannot explain means a jump: it replaces them', () => {
  const before = withSample([], sample(1_000, 1));
  const after = withSample(before, sample(61_000, 40));
  expect(after).toEqual([sample(61_000, 40)]);
  expect(withSample(after, sample(1_000, 1))).toEqual([sample(1_000, 1)]);
});

test('a slow answer is not a jump', () => {
  const samples = withSample(withSample([], sample(1_000, 1)), sample(1_900, 2_000));
  expect(mostExact(samples).anchor).toBe(1_000);
});

test('old samples are dropped, so that a drifting clock is followed', () => {
  let samples: readonly Sample[] = [sample(1_000, 0)];
  for (let look = 1; look <= 30; look += 1) samples = withSample(samples, sample(1_000 + look, 2));
  expect(samples).toHaveLength(8);
  expect(mostExact(samples).anchor).toBeGreaterThan(1_020);
});
