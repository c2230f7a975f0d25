// Levels, cycles and times of tasks that wait for each other.

import { expect, test } from 'vitest';
import { latestStarts, levelsOf } from '../../../../src/job/chains/order.ts';

test('levels of a diamond whose tasks are listed backwards', () => {
  expect(levelsOf([[1, 2], [3], [3], []])).toEqual({ levels: [2, 1, 1, 0] });
});

test('a cycle is named, without the tasks that only lead to it', () => {
  expect(levelsOf([[1], [2], [3], [1], []])).toEqual({ cycle: [1, 2, 3] });
  expect(levelsOf([[0]])).toEqual({ cycle: [0] });
});

test('500 tasks in one chain', () => {
  const chain = Array.from({ length: 500 }, (_, task) => (task === 0 ? [] : [task - 1]));
  expect(levelsOf(chain)).toEqual({ levels: [...chain.keys()] });
  const runs = chain.map((after, task) => ({ task, after, lifetime: 10 }));
  expect(latestStarts(runs.toReversed(), 1_000).get(499)).toBe(1_000 + 4_990);
});

test('each starts after the longest of its chains; tasks that are no runs have ended', () => {
  const runs = [
    { task: 0, after: [], lifetime: 100 },
    { task: 1, after: [0], lifetime: 5 },
    { task: 2, after: [0, 1], lifetime: 5 },
    { task: 3, after: [9], lifetime: 5 },
  ];
  expect([...latestStarts(runs, 0)]).toEqual(
    expect.arrayContaining([
      [0, 0],
      [1, 100],
      [2, 105],
      [3, 0],
    ]),
  );
});
