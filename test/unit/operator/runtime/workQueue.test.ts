// The work queue: order, deduplication, delays and backoff.
import { beforeEach, expect, test } from 'vitest';
import { WorkQueue } from '../../../../src/operator/runtime/workQueue.ts';
import { ManualTimer } from './manualTimer.ts';

let timer: ManualTimer;
let seen: { added: number; depth: number; waits: number[]; retried: number };
let queue: WorkQueue;

beforeEach(() => {
  timer = new ManualTimer();
  seen = { added: 0, depth: 0, waits: [], retried: 0 };
  queue = new WorkQueue(timer, {
    added: () => (seen.added += 1),
    depth: (keys) => (seen.depth = keys),
    taken: (waited) => seen.waits.push(waited),
    retried: () => (seen.retried += 1),
  });
});

/** Takes all ready keys and marks each as done. */
async function drain(): Promise<string[]> {
  const keys: string[] = [];
  while (seen.depth > 0) {
    const key = (await queue.take())!;
    keys.push(key);
    queue.done(key);
  }
  return keys;
}

test('keys are taken in the order in which they were first added, each once', async () => {
  for (const key of ['b', 'a', 'b', 'c', 'a']) queue.add(key);
  expect(seen).toMatchObject({ added: 3, depth: 3 });
  expect(await drain()).toEqual(['b', 'a', 'c']);
});

test('a key in progress is not taken by another worker; if added in the meantime, it is taken once more', async () => {
  queue.add('a');
  const key = (await queue.take())!;
  queue.add('a');
  queue.add('a');
  expect(seen).toMatchObject({ added: 2, depth: 0 });
  queue.done(key);
  expect(await drain()).toEqual(['a']);
  expect(seen.depth).toBe(0);
});

test('a waiting worker gets the next key, and the wait of the key is reported', async () => {
  const first = queue.take();
  const second = queue.take();
  queue.add('a');
  timer.advance(30);
  queue.add('b');
  expect(await first).toBe('a');
  expect(await second).toBe('b');
  queue.add('c');
  timer.advance(20);
  await queue.take();
  expect(seen.waits).toEqual([0, 0, 20]);
});

test('the earliest of several delays wins, and no delay is the earliest', async () => {
  queue.add('a', 500);
  queue.add('a', 200);
  queue.add('a', 900);
  queue.add('b', 300);
  timer.advance(199);
  expect(seen.depth).toBe(0);
  timer.advance(1);
  expect(await drain()).toEqual(['a']);
  timer.advance(100);
  expect(await drain()).toEqual(['b']);
  timer.advance(10_000);
  expect(seen.depth).toBe(0);
  queue.add('c', 100);
  queue.add('c');
  expect(await drain()).toEqual(['c']);
  timer.advance(200);
  expect(seen.depth).toBe(0);
});

test('a delay that ends while the key is in progress is not lost', async () => {
  queue.add('a');
  const key = (await queue.take())!;
  queue.add('a', 50);
  timer.advance(60);
  queue.done(key);
  expect(await drain()).toEqual(['a']);
});

test('a delay of days works', async () => {
  queue.add('a', 86_400_000 * 40);
  timer.advance(86_400_000 * 40 - 1);
  expect(seen.depth).toBe(0);
  timer.advance(1);
  expect(await drain()).toEqual(['a']);
});

test('a failed key is delayed 5 ms, doubling up to a minute; success resets the backoff', async () => {
  const waits: number[] = [];
  for (let failure = 0; failure < 17; failure += 1) {
    queue.retry('a');
    const before = timer.now();
    while (seen.depth === 0) timer.advance(1);
    waits.push(timer.now() - before);
    await drain();
  }
  expect(waits.slice(0, 5)).toEqual([5, 10, 20, 40, 80]);
  expect(waits.slice(-3)).toEqual([60_000, 60_000, 60_000]);
  expect([queue.failures('a'), seen.retried]).toEqual([17, 17]);
  queue.forget('a');
  queue.retry('a');
  timer.advance(5);
  expect(await drain()).toEqual(['a']);
});

test('a closed queue releases waiting workers and accepts no keys', async () => {
  const waiting = queue.take();
  queue.add('later', 10);
  queue.close();
  expect(await waiting).toBeUndefined();
  queue.add('a');
  timer.advance(20);
  expect(await queue.take()).toBeUndefined();
  expect(timer.pending).toBe(0);
});
