// How much memory a worker gives its attempts, and how much each takes.

import { expect, test } from 'vitest';
import { leastWeight, memoryForAttempts, weightOf } from '../../../src/worker/attemptMemory.ts';
import { aRequest, queuedTask } from '../../fakes/tasks.ts';

const mebi = 1_048_576;
const machine = 16_384 * mebi;
const excess = 32 * mebi;

test.each([
  ['a container of 512 MiB', 512 * mebi, 240 * mebi],
  ['a container of 1 GiB', 1_024 * mebi, 752 * mebi],
  ['no limit (0): half of the machine', 0, 7_920 * mebi],
  ['no limit (more than the machine has)', 2 ** 63, 7_920 * mebi],
  ['too little for anything: one small attempt at a time', 64 * mebi, 32 * mebi],
])('%s', (_what, limit, expected) => {
  expect(memoryForAttempts({ limit, machine, excess })).toBe(expected);
});

const artifact = `sha256:${'1'.repeat(64)}`;
const references = (count: number, bytes?: number) => ({
  input: {
    ...aRequest.input,
    references: Array.from({ length: count }, () => ({
      artifact,
      mediaType: 'image/png',
      ...(bytes === undefined ? {} : { bytes }),
    })),
  },
});

test('a task takes room for its answer, by kind and size, and for its references', () => {
  const image = queuedTask({ kind: 'image' });
  const sized = (imageSize: string) => weightOf(image, { input: { prompt: 'x', imageSize } }, 'gemini') / mebi;
  expect(weightOf(queuedTask({ kind: 'text' }), aRequest, 'gemini')).toBe(leastWeight);
  expect(['512', '1K', '2K', '4K', '8K'].map(sized)).toEqual([12, 12, 40, 128, 128]);
  expect(weightOf(image, references(2, 5_000_000), 'gemini')).toBe(12 * mebi + 11_000_000);
});

test('references of earlier versions, which have no size, count as the largest that the model takes', () => {
  const image = queuedTask({ kind: 'image' });
  expect(weightOf(image, references(14), 'gemini')).toBe(weightOf(image, references(14, 7_000_000), 'gemini'));
});

test('four slots of the largest references do not fit into 512 MiB together, and each fits alone', () => {
  const weight = weightOf(queuedTask({ kind: 'image' }), references(14, 5_285_714), 'gemini');
  const capacity = memoryForAttempts({ limit: 512 * mebi, machine, excess });
  expect(Math.floor(capacity / weight)).toBe(2);
});

test('a task that lost its worker twice takes everything', () => {
  expect(weightOf({ ...queuedTask(), attempt: 2, attemptsLost: 2 }, aRequest, 'gemini')).toBe(Infinity);
});
