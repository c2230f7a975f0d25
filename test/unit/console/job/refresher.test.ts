// How often the Job page reads what has changed.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Refresher } from '../../../../src/console/pages/job/live/refresher.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

/** A read that takes a while, and how often it was made. */
function reads(ms = 10, fail = 0) {
  let count = 0;
  const read = async (): Promise<void> => {
    count += 1;
    await new Promise((resolve) => setTimeout(resolve, ms));
    if (count <= fail) throw new Error('not now');
  };
  return { read, count: () => count };
}

test('the first request is answered at once', async () => {
  const { read, count } = reads();
  new Refresher(read).request();
  await vi.advanceTimersByTimeAsync(0);
  expect(count()).toBe(1);
});

test('many requests are at most four reads a second, and the last one counts', async () => {
  const { read, count } = reads();
  const refresher = new Refresher(read);
  for (let at = 0; at < 99; at += 1) {
    refresher.request();
    await vi.advanceTimersByTimeAsync(10);
  }
  expect(count()).toBe(4);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(count()).toBe(5);
});

test('answers that take long are read a quarter of the time', async () => {
  const { read, count } = reads(1_000);
  const refresher = new Refresher(read);
  for (let at = 0; at < 79; at += 1) {
    refresher.request();
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(count()).toBe(2);
});

test('a read that fails is made again', async () => {
  const { read, count } = reads(10, 1);
  new Refresher(read).request();
  await vi.advanceTimersByTimeAsync(2_900);
  expect(count()).toBe(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(count()).toBe(2);
});

test('after its end it reads nothing', async () => {
  const { read, count } = reads();
  const refresher = new Refresher(read);
  refresher.request();
  refresher.stop();
  refresher.request();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(count()).toBe(0);
});
