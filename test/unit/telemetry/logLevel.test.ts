// SIGUSR2 changes the level of every logger of the process for a while.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLogger, type LogOptions } from '../../../src/telemetry/log.ts';
import { debugOnSignal } from '../../../src/telemetry/logLevel.ts';

let stop = (): void => undefined;
beforeEach(() => {
  vi.useFakeTimers();
  stop = debugOnSignal();
});
afterEach(() => {
  stop();
  vi.useRealTimers();
});

function logger(level: LogOptions['level'] = 'info') {
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line) };
  const log = createLogger({ level, format: 'json', process: 'worker', destination });
  return { log, events: () => lines.map((line) => (JSON.parse(line) as { event?: string; msg: string }).msg) };
}

test('sets the level to debug for a quarter of an hour', () => {
  const { log, events } = logger();
  const quiet = logger('error');
  log.debug('before');
  process.emit('SIGUSR2');
  log.debug('during');
  quiet.log.debug('during');
  vi.advanceTimersByTime(15 * 60_000);
  log.debug('after');
  expect(events()).toEqual(expect.arrayContaining(['during']));
  expect(events()).not.toContain('after');
  expect([log.level, quiet.log.level]).toEqual(['info', 'error']);
});

test('a second signal ends it, and a third begins it again', () => {
  const { log } = logger();
  const levels = [1, 2, 3].map(() => (process.emit('SIGUSR2'), log.level));
  expect(levels).toEqual(['debug', 'info', 'debug']);
});

test('a level that shows more stays', () => {
  const { log } = logger('trace');
  process.emit('SIGUSR2');
  expect(log.level).toBe('trace');
});
