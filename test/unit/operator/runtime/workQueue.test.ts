// The queue of keys: each once, by one worker, in time, and later after each failure.
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

/** All that can be taken now, each done at once. */
async function drain(): Promise<string[]> {
  const keys: string[] = [];
  while (seen.depth > 0) {
    const key = (await queue.take())!;
    keys.push(key);
    queue.done(key);
  }
  return keys;
}

test('keys come in the order of their first adding, each once', async () => {
  for (const key of ['b', 'a', 'b', 'c', 'a']) queue.add(key);
  expect(seen).toMatchObject({ added: 3, depth: 3 });
  expect(await drain()).toEqual(['b', 'a', 'c']);
});

test('a key that is worked on is not given to another; added meanwhile, it comes once more', async () => {
  queue.add('a');
  const key = (await queue.take())!;
  queue.add('a');
  queue.add('a');
  expect(seen).toMatchObject({ added: 2, depth: 0 });
  queue.done(key);
  expect(await drain()).toEqual(['a']);
  expect(seen.depth).toBe(0);
});

test('a waiter who waits gets the key when it comes, and how long it waited is told', async () => {
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

test('of several moments the earliest counts, and at once is earlier than any', async () => {
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

test('a moment that comes while the key is worked on is not lost', async () => {
  queue.add('a');
  const key = (await queue.take())!;
  queue.add('a', 50);
  timer.advance(60);
  queue.done(key);
  expect(await drain()).toEqual(['a']);
});

test('moments days away are waited for', async () => {
  queue.add('a', 86_400_000 * 40);
  timer.advance(86_400_000 * 40 - 1);
  expect(seen.depth).toBe(0);
  timer.advance(1);
  expect(await drain()).toEqual(['a']);
});

test('a failed key waits 5 ms, then twice as long each time up to a minute; success begins anew', async () => {
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

test('a closed queue sends takers home and takes nothing more', async () => {
  const waiting = queue.take();
  queue.add('later', 10);
  queue.close();
  expect(await waiting).toBeUndefined();
  queue.add('a');
  timer.advance(20);
  expect(await queue.take()).toBeUndefined();
  expect(timer.pending).toBe(0);
});
