// What a call costs follows from the pool's prices and the provider's usage.
import { expect, test } from 'vitest';
import { costOf } from '../../../src/job/money.ts';

const prices = { painter: { input: 0.3, output: 2.5, image: 0.04 }, writer: { output: 10 } };

test('tokens cost per million, images each', () => {
  expect(costOf(prices, 'painter', { inputTokens: 1_000_000, outputTokens: 400_000, images: 2 })).toBe(1.38);
  expect(costOf(prices, 'writer', { inputTokens: 5_000, outputTokens: 1_234, images: 0 })).toBe(0.01234);
});

test('a model without a price has no cost, and sums are rounded to a millionth', () => {
  expect(costOf(prices, 'sketcher', { inputTokens: 1, outputTokens: 1, images: 1 })).toBeUndefined();
  expect(costOf(prices, 'toString', { inputTokens: 1, outputTokens: 1, images: 1 })).toBeUndefined();
  expect(costOf(prices, 'painter', { inputTokens: 0, outputTokens: 0, images: 3 })).toBe(0.12);
});
