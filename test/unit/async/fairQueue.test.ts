// A queue in which owners take turns.
import { expect, test } from 'vitest';
import { FairQueue } from '../../../src/async/fairQueue.ts';

test('owners take turns, and have one item under way each', () => {
  const queue = new FairQueue<string>();
  for (const item of ['a1', 'a2', 'a3', 'b1', 'c1']) queue.add(item[0]!, item);
  const [one, two, three] = [queue.take()!, queue.take()!, queue.take()!];
  expect([one.item, two.item, three.item, queue.take()]).toEqual(['a1', 'b1', 'c1', undefined]);
  two.done();
  queue.add('b', 'b2');
  expect(queue.take()!.item).toBe('b2');
  one.done();
  expect(queue.take()!.item).toBe('a2');
  expect(queue.drain()).toEqual(['a3']);
});

test('an item overtakes the items of its own owner only, and its owner keeps its turn', () => {
  const queue = new FairQueue<string>();
  for (const item of ['a1', 'a2', 'b1']) queue.add(item[0]!, item);
  queue.add('a', 'a0', () => true);
  queue.add('a', 'a1.5', (other) => other === 'a2');
  const taken = Array.from({ length: 5 }, () => {
    const { item, done } = queue.take()!;
    done();
    return item;
  });
  expect(taken).toEqual(['a0', 'b1', 'a1', 'a1.5', 'a2']);
});
