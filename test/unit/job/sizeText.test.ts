import { expect, test } from 'vitest';
import { sizeText } from '../../../src/job/sizeText.ts';

test.each([
  [20e9, '20 GB'],
  [40 * 2 ** 30, '40 GiB'],
  [500 * 2 ** 20, '500 MiB'],
  [1e12, '1 TB'],
  [14_316_557_653, '14.3 GB'],
  [1_500_000, '1.5 MB'],
  [999, '999 bytes'],
  [0, '0 bytes'],
])('%d bytes are %s', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});
