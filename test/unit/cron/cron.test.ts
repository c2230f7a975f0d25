// The times of cron expressions, in time zones and when clocks change.
import { expect, test } from 'vitest';
import { parseCron } from '../../../src/adapters/cron/index.ts';
import type { CronTimes } from '../../../src/ports/cron.ts';

function times(schedule: string, timeZone: string): CronTimes {
  const parsed = parseCron(schedule, timeZone);
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed;
}

const next = (schedule: string, timeZone: string, after: string): string =>
  new Date(times(schedule, timeZone).next(Date.parse(after))!).toISOString();

test('a time that the clock skips is taken right after the gap', () => {
  expect(next('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z')).toBe('2026-03-29T01:00:00.000Z');
  expect(next('30 2 * * *', 'Europe/Berlin', '2026-03-29T01:00:00Z')).toBe('2026-03-30T00:30:00.000Z');
});

test('a time that occurs twice is taken once', () => {
  expect(next('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z')).toBe('2026-10-25T00:30:00.000Z');
  expect(next('30 2 * * *', 'Europe/Berlin', '2026-10-25T00:30:00Z')).toBe('2026-10-26T01:30:00.000Z');
});

test('an interval continues through a change of the clock', () => {
  expect(next('*/30 * * * *', 'Europe/Berlin', '2026-10-25T00:30:00Z')).toBe('2026-10-25T01:00:00.000Z');
});

test('the latest time includes the moment itself, and never the future', () => {
  const hourly = times('0 * * * *', 'Etc/UTC');
  const at = Date.parse('2026-11-22T05:00:00Z');
  expect(hourly.latest(at)).toBe(at);
  expect(hourly.latest(at + 999)).toBe(at);
  expect(hourly.latest(at - 1)).toBe(at - 3_600_000);
  expect(times('0 0 30 2 *', 'Etc/UTC').latest(at)).toBeUndefined();
});

test.each([
  ['99 * * * *', 'Etc/UTC', 'Invalid value for minute: 99'],
  ['0 0 * * *', 'Mars/Olympus', 'Mars/Olympus is not the name of a time zone such as Europe/Berlin'],
])('%s in %s is refused', (schedule, timeZone, why) => {
  expect(parseCron(schedule, timeZone)).toBe(why);
});
