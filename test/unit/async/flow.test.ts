// The bound on bytes under way: order, aborts, and that nothing leaks.

import { expect, test } from 'vitest';
import { batchSize } from '../../../src/adapters/nats/artifacts/chunks.ts';
import { Flow } from '../../../src/async/flow.ts';
import { pauseAfter } from '../../../src/async/loopShare.ts';

const never = new AbortController().signal;

/** A transfer that the test ends. */
function aTransfer(flow: Flow, bytes: number, signal = never, first = false) {
  const transfer = { started: false, ...Promise.withResolvers<string>() };
  const done = flow.run({ bytes, first }, signal, () => {
    transfer.started = true;
    return transfer.promise;
  });
  done.catch(() => undefined);
  return { transfer, done };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const started = (transfers: readonly ReturnType<typeof aTransfer>[]): boolean[] =>
  transfers.map(({ transfer }) => transfer.started);

test('what does not fit waits, first come, first served, and small ones do not overtake large ones', async () => {
  const flow = new Flow(10);
  const all = [6, 4, 8, 1].map((bytes) => aTransfer(flow, bytes));
  await turn();
  expect(started(all)).toEqual([true, true, false, false]);
  expect(flow).toMatchObject({ underWay: 10, waiting: 2 });
  all[1]!.transfer.resolve('second');
  await expect(all[1]!.done).resolves.toBe('second');
  expect(started(all)).toEqual([true, true, false, false]);
  all[0]!.transfer.reject(new Error('lost'));
  await expect(all[0]!.done).rejects.toThrow('lost');
  await turn();
  expect(started(all)).toEqual([true, true, true, true]);
  expect(flow).toMatchObject({ underWay: 9, waiting: 0 });
  for (const { transfer } of all) transfer.resolve('');
  await Promise.allSettled(all.map(({ done }) => done));
  expect(flow).toMatchObject({ underWay: 0, waiting: 0 });
});

test('first parts and later ones alternate, so that neither waits for all of the other', async () => {
  const flow = new Flow(10);
  const present = aTransfer(flow, 10);
  const later = [1, 2, 3].map(() => aTransfer(flow, 5));
  const first = [1, 2, 3].map(() => aTransfer(flow, 5, never, true));
  present.transfer.resolve('');
  await turn();
  expect([started(first), started(later)]).toEqual([
    [true, false, false],
    [true, false, false],
  ]);
  first[0]!.transfer.resolve('');
  await turn();
  expect([started(first), started(later)]).toEqual([
    [true, true, false],
    [true, false, false],
  ]);
  later[0]!.transfer.resolve('');
  await turn();
  expect([started(first), started(later)]).toEqual([
    [true, true, false],
    [true, true, false],
  ]);
});

test('a transfer larger than the limit has the connection to itself', async () => {
  const flow = new Flow(10);
  const all = [aTransfer(flow, 50), aTransfer(flow, 1)];
  await turn();
  expect(started(all)).toEqual([true, false]);
  all[0]!.transfer.resolve('');
  await turn();
  expect(started(all)).toEqual([true, true]);
});

test('an abort ends the wait at once; the one behind it is next', async () => {
  const flow = new Flow(10);
  const gone = new AbortController();
  const all = [aTransfer(flow, 8), aTransfer(flow, 8, gone.signal), aTransfer(flow, 2)];
  await turn();
  gone.abort(new Error('gone'));
  await expect(all[1]!.done).rejects.toThrow('gone');
  await turn();
  expect(started(all)).toEqual([true, false, true]);
});

test('an abort of a transfer under way frees its caller at once, and its bytes when they have arrived', async () => {
  const flow = new Flow(10);
  const gone = new AbortController();
  const { transfer, done } = aTransfer(flow, 8, gone.signal);
  await turn();
  gone.abort(new Error('gone'));
  await expect(done).rejects.toThrow('gone');
  expect(flow.underWay).toBe(8);
  transfer.resolve('late');
  await turn();
  expect(flow.underWay).toBe(0);
});

test.each([
  [1, 4],
  [32, 4],
  [64, 2],
  [300, 1],
  [100_000, 1],
])('with %i readers each asks for %i chunks at a time', (readers, chunks) => {
  expect(batchSize(readers)).toBe(chunks);
});

test('after a transfer no other starts before the pause is over', async () => {
  const pauses = [5, 0];
  const flow = new Flow(10, () => pauses.shift() ?? 0);
  const first = aTransfer(flow, 8);
  first.transfer.resolve('');
  await first.done;
  const second = aTransfer(flow, 1);
  await turn();
  expect(second.transfer.started).toBe(false);
  second.transfer.resolve('after the pause');
  await expect(second.done).resolves.toBe('after the pause');
});

test.each([
  ['idle', { active: 2, idle: 98 }, 0],
  ['at its share', { active: 69, idle: 31 }, 0],
  ['always busy', { active: 21, idle: 0 }, 10],
  ['blocked by something else', { active: 5_000, idle: 0 }, 50],
])('an event loop that was %s', (_what, since, pause) => {
  expect(pauseAfter(since)).toBe(pause);
});
