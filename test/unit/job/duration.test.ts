// Durations: valid and invalid text, and no loss between text and milliseconds.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../../src/job/duration.ts';

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
