// The turns of lanes and tenant parts.

import { expect, test } from 'vitest';
import { PartTurns, type WeightedPart } from '../../../src/adapters/nats/queue/partTurns.ts';

const one = (parts: readonly WeightedPart[], turns: PartTurns, count: number): Map<string, number> => {
  const served = new Map<string, number>();
  for (let turn = 0; turn < count; turn += 1) {
    for (const { lane, part } of turns.allot(parts, 1).keys()) {
      const name = part === undefined ? lane : `${lane}-${part}`;
      served.set(name, (served.get(name) ?? 0) + 1);
    }
  }
  return served;
};

test('high : normal : guest : low as 6 : 3 : 3 : 1', () => {
  const lanes = (['low', 'guest', 'normal', 'high'] as const).map((lane) => ({ lane, weight: 1 }));
  expect(Object.fromEntries(one(lanes, new PartTurns(), 130))).toEqual({ high: 60, normal: 30, guest: 30, low: 10 });
});

test('the parts of a lane share its turns by their weights, however many there are', () => {
  const parts = [
    { lane: 'normal', weight: 1 },
    { lane: 'normal', part: 2, weight: 3 },
    { lane: 'normal', part: 5, weight: 1 },
    { lane: 'high', weight: 1 },
  ] as const;
  const expected = { high: 60, normal: 6, 'normal-2': 18, 'normal-5': 6 };
  expect(Object.fromEntries(one(parts, new PartTurns(), 90))).toEqual(expected);
  const atOnce = new Map(
    [...new PartTurns().allot(parts, 90)].map(([{ lane, ...at }, count]) => [
      `${lane}${'part' in at ? at.part : ''}`,
      count,
    ]),
  );
  expect(Object.fromEntries(atOnce)).toEqual({ high: 60, normal: 6, normal2: 18, normal5: 6 });
});

test('a part that comes and goes does not save up turns', () => {
  const turns = new PartTurns();
  const [first, second] = [
    { lane: 'normal', part: 1, weight: 1 } as const,
    { lane: 'normal', part: 2, weight: 1 } as const,
  ];
  one([first, second], turns, 11);
  one([first], turns, 1_000);
  const served = one([first, second], turns, 10);
  expect(Math.abs(served.get('normal-1')! - 5)).toBeLessThanOrEqual(1);
});
