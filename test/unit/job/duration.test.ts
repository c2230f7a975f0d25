// Durations: valid and invalid text, and no loss between text and milliseconds.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { about, formatDuration, limitText, parseDuration } from '../../../src/job/duration.ts';

describe('parseDuration', () => {
  test.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['1.5s', 1_500],
    ['5m', 300_000],
    ['5m500ms', 300_500],
    ['1h30m', 5_400_000],
    ['7d', 604_800_000],
    ['1d2h3m4s5ms', 93_784_005],
    ['0s', 0],
  ])('reads %s as %d ms', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });

  test.each(['', '5', '5 minutes', ' 5s', '5s ', '-5s', '5S', '1m1h', '5s5s', '1.5h', '.5s', 's', '1e3s', '1,5s', '∞'])(
    'refuses "%s"',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  test('refuses what a number cannot hold exactly', () => {
    expect(parseDuration('999999999999999d')).toBeUndefined();
  });

  test('never throws and never answers anything but whole, not negative milliseconds', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9dhms.]{0,12}$/)), (text) => {
        const parsed = parseDuration(text);
        expect(parsed === undefined || (Number.isSafeInteger(parsed) && parsed >= 0)).toBe(true);
      }),
    );
  });
});

describe('formatDuration', () => {
  test('is read back as the same number', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 12 }), (duration) => {
        expect(parseDuration(formatDuration(duration))).toBe(duration);
      }),
    );
  });

  test('is as short as people write it', () => {
    expect([90_000, 5_400_000, 86_400_000, 0, 1].map(formatDuration)).toEqual(['1m30s', '1h30m', '1d', '0s', '1ms']);
  });
});

test.each([
  [Number.NaN, '0 ms'],
  [-5, '0 ms'],
  [11.6, '12 ms'],
  [999.4, '999 ms'],
  [999.6, '1.0 s'],
  [2_037, '2.0 s'],
  [9_949, '9.9 s'],
  [9_950, '10 s'],
  [59_400, '59 s'],
  [59_600, '1 min'],
  [200_400, '3 min 20 s'],
  [3_599_600, '1 h'],
  [7_500_000, '2 h 5 min'],
  [86_399_000, '1 day'],
  [100_000_000, '1 day 4 h'],
  [604_800_000, '7 days'],
  [Infinity, '36525 days'],
])('a measured duration of %d ms is about %s', (ms, text) => {
  expect(about(ms)).toBe(text);
});

test.each([
  [100, '100 ms'],
  [2_000, '2 s'],
  [1_500, '1.5 s'],
  [4_237, '4.2 s'],
  [90_000, '1 min 30 s'],
  [86_400_000, '1 day'],
  [650_100_000, '7 days 12 h 35 min'],
])('a limit of %d ms is %s', (ms, text) => {
  expect(limitText(ms)).toBe(text);
});
