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

test('of several that work long, one has a turn in each round of the event loop', async () => {
  let now = 0;
  let rounds = 0;
  let working = true;
  const turns = new Map<number, number>();
  const count = (): void => {
    rounds += 1;
    if (working) setImmediate(count);
  };
  const work = async (): Promise<void> => {
    const giveWay = givingWay(() => (now += 10));
    for (let step = 0; step < 20; step += 1) {
      await giveWay();
      turns.set(rounds, (turns.get(rounds) ?? 0) + 1);
    }
  };
  setImmediate(count);
  await Promise.all([work(), work(), work()]);
  working = false;
  expect(Math.max(...turns.values())).toBe(1);
  expect([...turns.values()].reduce((sum, one) => sum + one, 0)).toBe(60);
});
