// Long work gives way to others, and short work does not wait.
import { expect, test } from 'vitest';
import { givingWay } from '../../../src/async/givingWay.ts';

test('others have their turn when a turn is over, and not before', async () => {
  let now = 0;
  let others = 0;
  const giveWay = givingWay(() => now);
  setImmediate(() => (others += 1));
  now = 4;
  expect(giveWay()).toBeUndefined();
  now = 5;
  await giveWay();
  expect(others).toBe(1);
  expect(giveWay()).toBeUndefined();
});
