// One piece of work runs at a time: in turns by owner, and light work before heavy work.
import { expect, test } from 'vitest';
import { takingTurns } from '../../../src/async/takingTurns.ts';

/** Work that ends when the test says so; `begun` has the names, whose first letter is the owner, in the order of their start. */
function stage() {
  const clock = { now: 0 };
  const takeTurn = takingTurns(() => clock.now);
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<void>>();
  const runs: Promise<void>[] = [];
  const start = (name: string, patience = 0): Promise<void> => {
    const run = takeTurn({ owner: name[0]!, patience }, () => {
      begun.push(name);
      const end = Promise.withResolvers<void>();
      ends.set(name, end);
      return end.promise;
    });
    runs.push(run);
    return run;
  };
  const endAll = async (): Promise<void> => {
    for (let at = 0; at < runs.length; at += 1) {
      await settled();
      expect(begun).toHaveLength(at + 1);
      ends.get(begun[at]!)!.resolve();
    }
    await Promise.all(runs);
  };
  return { begun, start, ends, clock, endAll };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('an owner with one piece of work does not wait for all the work of another one', async () => {
  const { begun, start, endAll } = stage();
  for (const name of ['a1', 'a2', 'a3', 'a4', 'b1', 'c1']) void start(name);
  await endAll();
  expect(begun).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'a4']);
});

test('light work overtakes heavy work of its owner until the patience of that ends', async () => {
  const { begun, start, endAll, clock } = stage();
  void start('a1', 100);
  void start('a2', 50);
  void start('a3', 50);
  void start('a4', 1);
  clock.now = 48;
  void start('a5', 1);
  clock.now = 60;
  void start('a6', 1);
  await endAll();
  expect(begun).toEqual(['a1', 'a4', 'a5', 'a2', 'a3', 'a6']);
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
