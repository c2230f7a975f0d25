// The limit on equal lines of error loops.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { limitRepeats } from '../../../src/telemetry/repeats.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function stage(): { log: (fields: object) => void; written: object[] } {
  const written: object[] = [];
  const limit = limitRepeats();
  return { log: (fields) => limit(fields, (line) => void written.push(line)), written };
}

const failed = (message: string, more = {}): object => ({ event: 'watch_failed', err: new Error(message), ...more });

test('an error loop is one line in ten seconds, then the last one with a count', () => {
  const { log, written } = stage();
  for (let at = 0; at < 7; at += 1) log(failed('no answer', { failures: at }));
  expect(written).toHaveLength(1);
  vi.advanceTimersByTime(9_999);
  expect(written).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(written).toHaveLength(2);
  expect(written[1]).toMatchObject({ failures: 6, repeated: 6 });
  log(failed('no answer'));
  expect(written).toHaveLength(2);
  vi.advanceTimersByTime(10_000);
  expect(written).toHaveLength(3);
  expect(written[2]).not.toHaveProperty('repeated');
  vi.advanceTimersByTime(10_000);
  log(failed('no answer'));
  expect(written).toHaveLength(4);
  expect(vi.getTimerCount()).toBe(1);
});

test('other errors, other places and facts without an error are written', () => {
  const { log, written } = stage();
  log(failed('no answer'));
  log(failed('refused'));
  log(failed('no answer', { source: 'pods' }));
  log({ event: 'list_failed', err: new Error('no answer') });
  for (let at = 0; at < 3; at += 1) log({ event: 'generation_failed', job: 'j', task: at });
  expect(written).toHaveLength(7);
});

test('the kinds that are remembered are bounded', () => {
  const { log, written } = stage();
  for (let at = 0; at < 2_000; at += 1) log(failed(`error ${at}`));
  expect(written).toHaveLength(2_000);
  expect(vi.getTimerCount()).toBe(500);
});
