// The log: its format, its events, and the redaction of secrets.

import { describe, expect, test } from 'vitest';
import { AttemptFailed, taskError } from '../../../src/job/errors/index.ts';
import { logEvent } from '../../../src/job/logEvents/index.ts';
import { createLogger } from '../../../src/telemetry/log.ts';
import type { LogOptions, Logger } from '../../../src/telemetry/log.ts';

interface Captured {
  readonly log: Logger;
  /** Everything written. */
  readonly text: () => string;
  /** The last line, parsed. */
  readonly last: () => Record<string, unknown>;
}

function capture(changes: Partial<LogOptions> = {}, isTTY = false): Captured {
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line), isTTY };
  const log = createLogger({ level: 'info', format: 'json', process: 'worker', destination, ...changes });
  return { log, text: () => lines.join(''), last: () => JSON.parse(lines.at(-1)!) as Record<string, unknown> };
}

test('a line is JSON with ISO time, the level by name and the process', () => {
  const { log, last } = capture();
  log.warn({ pool: 'default' }, 'slow');
  expect(last()).toMatchObject({ level: 'warn', process: 'worker', pool: 'default', msg: 'slow' });
  expect(last()['time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  log.debug('not at this level');
  expect(last()['msg']).toBe('slow');
});

test('an event carries its name and fields, at its level', () => {
  const { log, last } = capture();
  const fields = {
    job: 'j',
    task: 0,
    run: 1,
    attempt: 2,
    pool: 'default',
    worker: 'w',
    reason: 'AttemptTimeout',
    durationMs: 90_000,
  };
  logEvent(log, 'attempt_timeout', fields, 'task 0 took too long');
  expect(last()).toMatchObject({ event: 'attempt_timeout', level: 'warn', ...fields });
});

test.each([
  'authorization',
  'Authorization',
  'x-goog-api-key',
  'apiKey',
  'api_key',
  'token',
  'creds',
  'password',
  'secret',
  'cookie',
])('the value of %s is hidden at any depth, and what stands beside it is kept', (name) => {
  const { log, text, last } = capture();
  log.info({ a: { b: [{ [name]: 'sesame "quoted\\', beside: 'kept' }] } }, 'request');
  expect(text()).not.toContain('sesame');
  expect(last()['a']).toEqual({ b: [{ [name]: '[redacted]', beside: 'kept' }] });
  log.child({ [name]: 'sesame' }).info('from a child');
  expect(last()).toMatchObject({ [name]: '[redacted]', msg: 'from a child' });
});

test('lists of keys are redacted, counts of tokens are not', () => {
  const { log, last } = capture();
  log.info({ gemini: { apiKeys: ['sesame', 'seed'] }, tokens: 12, usage: { inputTokens: 3 } }, 'settings');
  expect(last()).toMatchObject({ gemini: { apiKeys: '[redacted]' }, tokens: 12, usage: { inputTokens: 3 } });
});

test('an error shows its code, message and causes, never the request that it carries', () => {
  const { log, text, last } = capture();
  const cause = Object.assign(new Error('refused: Authorization: Bearer sesame-bearer'), { code: 'ECONNREFUSED' });
  const error = Object.assign(new Error('failed', { cause }), { config: { headers: { 'x-custom': 'sesame-custom' } } });
  log.error({ err: error }, 'attempt failed');
  expect(text()).not.toContain('sesame');
  expect(last()['err']).toMatchObject({ type: 'Error', message: 'failed', cause: { code: 'ECONNREFUSED' } });
  log.error(error);
  expect(text()).not.toContain('sesame');
});

test('secrets are redacted in JSON inside a message, at any depth of quoting', () => {
  const { log, text, last } = capture();
  const once = JSON.stringify({ error: { apiKey: 'sesame "1"\\', message: 'bad key', status: 400 } });
  const twice = JSON.stringify({ error: { message: once } });
  for (const body of [once, twice, JSON.stringify({ wrapped: twice })]) {
    log.error(new Error(body));
    expect(text()).not.toContain('sesame');
    expect(last()['msg']).toContain('bad key');
  }
});

test('secrets are redacted in sentences and URLs', () => {
  const { log, text, last } = capture({ secrets: new Set(['known "sesame"', 'plain-sesame']) });
  log.info('GET https://u:sesame@host/v1?key=sesame&alt=sse with x-goog-api-key: sesame as Basic c2VzYW1lOnNlc2FtZQ==');
  log.info(`keys ${'AIza'}SySesame0123456789_sesame-0123456789 and known "sesame" and plain-sesame.`);
  expect(text().toLowerCase()).not.toContain('sesame');
  expect(text()).not.toContain('c2VzYW1l');
  expect(last()['msg']).toBe('keys [redacted] and [redacted] and [redacted].');
});

test('a secret that is added later is redacted from then on', () => {
  const secrets = new Set<string>();
  const { log, last } = capture({ secrets });
  log.info('later-sesame');
  expect(last()['msg']).toBe('later-sesame');
  secrets.add('later-sesame');
  log.info('later-sesame');
  expect(last()['msg']).toBe('[redacted]');
});

test('pretty lines redact the same, and are coloured only on a terminal', () => {
  const plain = capture({ format: 'pretty' });
  plain.log.info({ token: 'sesame', pool: 'photos' }, 'started');
  expect(plain.text()).toMatch(/^\d\d:\d\d:\d\d I worker     started {2}token=\[redacted\] pool=photos\n$/);
  const coloured = capture({ format: 'pretty' }, true);
  coloured.log.info('started');
  expect(coloured.text()).toContain('\u001B[');
});

describe('texts of clients, providers and models', () => {
  const refused = taskError('RequestRefused', 'Gemini answered 400: "sesame in the sun" is odd', {
    provider: { status: 400, code: 'INVALID_ARGUMENT' },
  });
  const unreadable = (): unknown => {
    try {
      return JSON.parse('{"prompt": sesame}');
    } catch (error) {
      return error;
    }
  };
  const write = ({ log }: Captured): void => {
    const fields = { prompt: 'sesame in the sun'.repeat(20), detail: refused.message };
    logEvent(log, 'generation_started', fields, 'Attempt 1 of 3 started');
    logEvent(log, 'attempt_error', { err: new AttemptFailed(refused) }, 'An attempt failed unexpectedly');
    logEvent(
      log,
      'attempt_error',
      { err: new Error('bug', { cause: unreadable() }) },
      'An attempt failed unexpectedly',
    );
    log.error(unreadable());
  };

  test('are left out by default', () => {
    const captured = capture();
    write(captured);
    expect(captured.text()).not.toContain('sesame');
    expect(captured.text()).toContain('The provider rejected the request as malformed (400 INVALID_ARGUMENT)');
    expect(captured.text().split('\n').filter(Boolean)).toHaveLength(4);
  });

  test('are shown on request, prompts only with their beginnings', () => {
    const captured = capture({ prompts: 'shown' });
    write(captured);
    const [started, failed] = captured
      .text()
      .split('\n')
      .map((line) => line && JSON.parse(line));
    expect(started.prompt).toHaveLength(200);
    expect(started.detail).toBe(refused.message);
    expect(failed.err.message).toBe(refused.message);
  });
});

test('a line of a library gets an event', () => {
  const { log, last } = capture();
  log.info('premature close');
  expect(last()).toMatchObject({ event: 'library_message', msg: 'premature close' });
  log.error(new Error('a bug'), 'stream closed');
  expect(last()).toMatchObject({ event: 'library_message', msg: 'stream closed', err: { message: 'a bug' } });
  logEvent(log.child({ requestId: 'r' }), 'request_failed', { code: 'NotReady' }, 'not ready');
  expect(last()).toMatchObject({ event: 'request_failed', requestId: 'r' });
});
