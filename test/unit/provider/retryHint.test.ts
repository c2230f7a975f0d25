// How long a server asks to wait: every source, every form, always between a second and an hour.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { retryHint } from '../../../src/adapters/provider/retryHint.ts';

const now = Date.parse('2026-11-28T12:00:00Z');
const hint = (over: { header?: string; delay?: unknown; message?: string }): number | undefined => {
  const { header = null, delay, message = '' } = over;
  return retryHint({ header, details: delay === undefined ? [] : [{ retryDelay: delay }], message }, now);
};

test.each([
  ['30', 30_000],
  ['0', undefined],
  ['-1', undefined],
  ['1e3', undefined],
  ['99999999999999999999', 3_600_000],
  ['30, 30', 30_000],
  ['Sat, 28 Nov 2026 12:00:45 GMT', 45_000],
  ['Saturday, 28-Nov-26 12:00:45 GMT', 45_000],
  ['Sat, 28 Nov 2026 11:59:00 GMT', undefined],
  ['Sat, 28 Nov 2026 25:61:00 GMT', undefined],
  ['tomorrow', undefined],
  ['', undefined],
])('Retry-After: %s', (header, expected) => expect(hint({ header })).toBe(expected));

test.each([
  ['Please retry in 12.5s.', 12_500],
  ['Please retry in 34.074824224s.', 34_075],
  ['retry in 3m20s', 200_000],
  ['Retry after 2 minutes and 5 seconds', 125_000],
  ['Please try again in 25 seconds', 25_000],
  ['try your request again in 2h', 3_600_000],
  ['retry in 250ms', 1_000],
  ['Please wait 1 minute before you continue', 60_000],
  ['Quota resets in 1h2m3s', 3_600_000],
  ['retry in 0s', undefined],
  ['retry in -5s', undefined],
  ['retry in NaNs', undefined],
  ['retry in 5 attempts', undefined],
  ['Please try again later.', undefined],
  ['The limit is 10 requests in 60 seconds', undefined],
])('%s', (message, expected) => expect(hint({ message })).toBe(expected));

test('the longest hint counts', () => {
  expect(hint({ header: '5', delay: '7s', message: 'retry in 6s' })).toBe(7_000);
  expect(hint({ header: '0', delay: 'soon', message: 'retry in 6s' })).toBe(6_000);
});

test('anything at all gives no hint or one between a second and an hour', () => {
  const source = fc.oneof(
    fc.string(),
    fc.double().map(String),
    fc.double().map((delay) => `${delay}s`),
  );
  fc.assert(
    fc.property(source, fc.oneof(source, fc.jsonValue()), source, (header, delay, message) => {
      const wait = hint({ header, delay, message: `retry in ${message}` });
      return wait === undefined || (Number.isInteger(wait) && wait >= 1_000 && wait <= 3_600_000);
    }),
  );
});

test('long texts are read in no time', () => {
  for (const message of [
    'retry in 1s '.repeat(20_000),
    'try again '.repeat(20_000),
    `retry in ${'1h '.repeat(20_000)}`,
  ]) {
    const wait = hint({ message });
    expect(wait === undefined || wait >= 1_000).toBe(true);
  }
});
