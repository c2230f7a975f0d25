// Compared with a plain sorted array, over random inserts and removals as a queue has them.

import { expect, test } from 'vitest';
import { SortedSequences } from '../../../src/readmodel/sortedSequences.ts';
import { seededRandom } from '../../../src/standin/random.ts';

test('counts, ranks and the first are those of a sorted array', () => {
  const random = seededRandom(7);
  const sorted = new SortedSequences();
  const plain = new Set<number>();
  for (let step = 0; step < 40_000; step += 1) {
    // Mostly new ones at the end and removals at the front, as in a queue; some anywhere. It grows, and then shrinks.
    const sequence = random() < 0.9 ? step : Math.floor(random() * step);
    if (random() < (step < 20_000 ? 0.8 : 0.3)) {
      sorted.insert(sequence, sequence * 10);
      plain.add(sequence);
    } else {
      const gone = random() < 0.5 ? ([...plain.values().take(1)][0] ?? 0) : sequence;
      sorted.remove(gone);
      plain.delete(gone);
    }
    if (step % 1_000 === 0) compare(sorted, plain, [0, sequence, Math.floor(random() * step), step + 1]);
  }
  for (const sequence of plain) sorted.remove(sequence);
  compare(sorted, new Set(), [0, 1]);
});

function compare(sorted: SortedSequences, plain: ReadonlySet<number>, asked: readonly number[]): void {
  const expected = [...plain].toSorted((a, b) => a - b);
  expect(sorted.length).toBe(expected.length);
  expect(sorted.first).toBe(expected.length === 0 ? undefined : expected[0]! * 10);
  for (const one of asked) expect(sorted.countBefore(one)).toBe(expected.filter((other) => other < one).length);
}
