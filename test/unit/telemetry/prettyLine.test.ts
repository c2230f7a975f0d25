// Log lines for people.

import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { prettyLine } from '../../../src/telemetry/prettyLine.ts';

const time = '2026-11-29T11:49:56.204Z';
const job = 'z6m0wqdx700qpw93kvxyey42y1';
const line = (fields: object, terminal = {}): string =>
  prettyLine(`${JSON.stringify({ level: 'info', time, process: 'worker', pid: 1, ...fields })}\n`, terminal);
/** Without the time and colours. */
const shown = (fields: object, terminal = {}): string => stripVTControlCharacters(line(fields, terminal)).slice(9);

test('a line has time, level, process and message', () => {
  const whole = prettyLine(JSON.stringify({ level: 'warn', time, process: 'api', pid: 1, msg: 'slow' }), {});
  expect(whole).toBe(`${new Date(time).toTimeString().slice(0, 8)} W api        slow\n`);
});

describe('each fact is once in the line', () => {
  const attempt = { event: 'attempt_timeout', job, task: 0, run: 1, attempt: 1, pool: 'default', worker: 'worker-h-1' };

  test('the job and task as one word, then what the message does not say', () => {
    const msg = 'The provider did not answer within 3 s; retrying in 295 ms';
    const fields = { ...attempt, reason: 'AttemptTimeout', durationMs: 2_853, msg };
    expect(shown(fields)).toBe(`W worker     ${msg}  ${job}/0 attempt=1 reason=AttemptTimeout\n`.replace('W', 'I'));
  });

  test('nothing that the message says, and nothing that nearly every line has', () => {
    expect(shown({ ...attempt, reason: 'Claimed', msg: `Attempt 1 of 3 of ${job} started` })).toBe(
      `I worker     Attempt 1 of 3 of ${job} started\n`,
    );
    const error = 'connection refused by it';
    expect(shown({ error, msg: `Waiting: ${error}` })).toBe(`I worker     Waiting: ${error}\n`);
    const url = 'http://127.0.0.1:1';
    expect(shown({ url, version: '1.0.0', msg: `metrics on ${url}/metrics` })).toBe(
      `I worker     metrics on ${url}/metrics\n`,
    );
    expect(shown({ role: 'worker', name: 'worker-h-1', msg: 'Became leader' })).toBe('I worker     Became leader\n');
  });

  test('unusual values, quoted if they have spaces', () => {
    expect(shown({ ...attempt, run: 2, pool: 'photos', durationMs: 1_500, error: 'not here', msg: 'Failed' })).toBe(
      `I worker     Failed  ${job}/0 run=2 attempt=1 pool=photos took 1.5 s error="not here"\n`,
    );
  });
});

describe('errors', () => {
  test('follow on separate lines, with calls and causes', () => {
    const stack = '    at one (file.ts:1:1)\n    at async node:internal:2\n    at two (file.ts:2:2)';
    const cause = { type: 'Error', code: 'ECONNREFUSED', message: 'refused', stack: '' };
    const lines = shown({ msg: 'Cannot read', err: { type: 'TypeError', message: 'a bug', stack, cause } }).split('\n');
    expect(lines.map((one) => one.trimEnd())).toEqual([
      'I worker     Cannot read',
      `${' '.repeat(22)}TypeError: a bug`,
      `${' '.repeat(22)}  at one (file.ts:1:1)`,
      `${' '.repeat(22)}  at two (file.ts:2:2)`,
      `${' '.repeat(22)}caused by Error ECONNREFUSED: refused`,
      '',
    ]);
  });

  test('of the catalogue have their code and no calls; a message that the line has is not repeated', () => {
    const err = { type: 'GenwardenError', code: 'NotReady', message: 'wait', stack: '    at one (file.ts:1:1)' };
    expect(shown({ msg: 'Cannot lead', err })).toBe(`I worker     Cannot lead\n${' '.repeat(22)}NotReady: wait\n`);
    expect(shown({ msg: 'Cannot lead: wait', err })).toBe('I worker     Cannot lead: wait\n');
  });
});

describe('on a terminal', () => {
  const terminal = { isTTY: true, columns: 60 };

  test('lines are broken between words, below the message', () => {
    const msg = 'one two three four five six seven eight nine ten eleven twelve thirteen';
    const lines = shown({ msg, job, task: 3, attempt: 2 }, terminal).split('\n');
    expect(lines).toEqual([
      'I worker     one two three four five six seven',
      `${' '.repeat(22)}eight nine ten eleven twelve thirteen`,
      `${' '.repeat(22)}${job}/3 attempt=2`,
      '',
    ]);
  });

  test('colours mark what is wrong; elsewhere there are none, and lines are not broken', () => {
    const msg = 'word '.repeat(60).trim();
    expect(line({ level: 'error', msg: 'x' }, terminal)).toContain('\u001B[31mE');
    expect(line({ level: 'error', msg })).toMatch(new RegExp(`^[0-9:]{8} E worker     ${msg}\n$`));
  });
});

test('what is no JSON stays as it is', () => {
  expect(prettyLine('plain\n', {})).toBe('plain\n');
});
