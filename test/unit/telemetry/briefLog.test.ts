// What `genwarden dev` shows on a terminal.

import { expect, test } from 'vitest';
import { createLogger } from '../../../src/telemetry/log.ts';
import { chooseLines } from '../../../src/telemetry/briefLog.ts';
import { logEvent } from '../../../src/job/logEvents/index.ts';

const job = 'z6m0wqdx700qpw93kvxyey42y1';

test('jobs and problems, each in one line without the process and other facts', () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line.slice(9)) };
  const logger = createLogger({ level: 'info', format: 'pretty', brief: true, process: 'worker', destination });
  logEvent(logger, 'worker_started', { worker: 'w', pool: 'default' }, 'worker started');
  logEvent(logger, 'generation_started', { job, task: 0, worker: 'w' }, 'Attempt 1 of 3 started');
  logEvent(logger, 'dev_job', { job, state: 'succeeded' }, `Job ${job} succeeded in 2 s`);
  logEvent(logger, 'attempt_timeout', { job, task: 3, reason: 'AttemptTimeout', worker: 'w' }, 'No answer; retrying');
  logEvent(logger, 'attempt_timeout', { job, task: 4, reason: 'AttemptTimeout', worker: 'w' }, 'No answer; retrying');
  logger.debug('a debug line is hidden by the level');
  expect(lines).toEqual([`  Job ${job} succeeded in 2 s\n`, `W No answer; retrying  ${job}/3\n`]);
});

test('after ten seconds, the next line of a kind says how many were left out', () => {
  let now = 0;
  const choose = chooseLines(() => now);
  const line = (msg: string, pool = 'default'): string =>
    JSON.stringify({ level: 'info', event: 'task_requeued', reason: 'KeyRefused', pool, msg });
  expect(choose(line('first'))).toBe(line('first'));
  expect([choose(line('second')), choose(line('third'))]).toEqual([undefined, undefined]);
  expect(choose(line('another pool', 'other'))).toBe(line('another pool', 'other'));
  now = 10_000;
  expect(choose(line('fourth'))).toBe(line('fourth (and 2 more like it)'));
});
