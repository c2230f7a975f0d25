// Explanations of a queued task that a worker holds back for memory, or to run it alone.

import { expect, test } from 'vitest';
import { explained, queued, waited } from './observations.ts';

test('a task that a worker holds for memory names the worker and its memory, whatever is in the queue', () => {
  const mebi = 1_048_576;
  const holder = { worker: 'w-1', alone: false, memory: { used: 230 * mebi, limit: 240 * mebi } };
  const { cause, summary, advice } = explained(queued, 60_000, { holder, ahead: { again: 0, lane: 3 } });
  expect(cause).toBe('WorkerMemory');
  expect(summary).toBe(
    'It is next on worker w-1, which has no memory for it at the moment: its attempts have taken 230 of 240 MiB',
  );
  expect(advice[0]).toContain('give the workers more memory');
  expect(waited(queued, 60_000, { holder })).toEqual({ reason: 'WorkerMemory', until: null, detail: summary });
});

test('a task that must run alone says why', () => {
  const holder = { worker: 'w-1', alone: true, memory: null };
  const suspect = { ...queued, attempt: 2, attemptsLost: 2 };
  expect(explained(suspect, 60_000, { holder }).summary).toBe(
    'It is next on worker w-1, which runs it alone once its other tasks have ended, because 2 workers were lost while running it',
  );
});
