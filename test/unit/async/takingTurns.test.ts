// One piece of work runs at a time, in turns by owner.
import { expect, test } from 'vitest';
import { takingTurns } from '../../../src/async/takingTurns.ts';

/** Work that ends when the test says so; `begun` has the names in the order of their start. */
function stage() {
  const takeTurn = takingTurns();
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<void>>();
  const start = (name: string): Promise<void> =>
    takeTurn(name[0]!, () => {
      begun.push(name);
      const end = Promise.withResolvers<void>();
      ends.set(name, end);
      return end.promise;
    });
  return { begun, start, ends };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('an owner with one piece of work does not wait for all the work of another one', async () => {
  const { begun, start, ends } = stage();
  const names = ['a1', 'a2', 'a3', 'a4', 'b1', 'c1'];
  const runs = names.map((name) => start(name));
  for (let at = 0; at < names.length; at += 1) {
    await settled();
    expect(begun).toHaveLength(at + 1);
    ends.get(begun[at]!)!.resolve();
  }
  await Promise.all(runs);
  expect(begun).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'a4']);
});

test('work that fails makes room, and its failure reaches its owner', async () => {
  const { begun, start, ends } = stage();
  const failing = start('a1');
  const waiting = start('a2');
  await settled();
  ends.get('a1')!.reject(new Error('broken'));
  await expect(failing).rejects.toThrow('broken');
  await settled();
  expect(begun).toEqual(['a1', 'a2']);
  ends.get('a2')!.resolve();
  await waiting;
  const last = start('a3');
  await settled();
  ends.get('a3')!.resolve();
  await last;
  expect(begun).toEqual(['a1', 'a2', 'a3']);
});
