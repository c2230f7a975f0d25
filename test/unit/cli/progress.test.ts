// Failed is never drawn as done: bars, percentages, counts and last lines of jobs whose tasks failed.

import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { changeLines } from '../../../src/cli/client/watch/changeLines.ts';
import { doneFraction, jobBar } from '../../../src/cli/client/watch/bars.ts';
import { screenLines } from '../../../src/cli/client/watch/screen.ts';
import { doneOf } from '../../../src/cli/client/jobTables.ts';
import { nextLines } from '../../../src/cli/client/nextCommands.ts';
import type { State } from '../../../src/client/index.ts';
import { FakeApi } from '../../fakes/fakeApi.ts';
import { fakeJob, fakeTask } from '../../fakes/fakeJobs.ts';
import { commandsNow, runCommand } from '../../support/commandLine.ts';

const jobOf = (...states: State[]) =>
  fakeJob(
    'job1',
    states.map((state, index) => fakeTask(index, state)),
  );

test.each([
  [['failed', 'failed', 'failed', 'failed'], '✗✗✗✗✗✗✗✗✗✗   0%', '0/4'],
  [['succeeded', 'failed', 'failed', 'failed'], '███✗✗✗✗✗✗✗  25%', '1/4'],
  [['succeeded', 'succeeded', 'failed'], '███████✗✗✗  66%', '2/3'],
  [['succeeded', 'succeeded', 'cancelled'], '██████░░░░  66%', '2/3'],
  [['cancelled'], '░░░░░░░░░░   0%', '0/1'],
  [['needs_review', 'succeeded'], '█████▒▒▒▒▒  50%', '1/2'],
  [['running', 'succeeded'], '█████░░░░░  50%', '1/2'],
  [['succeeded', 'succeeded', 'succeeded'], '██████████ 100%', '3/3'],
] as [State[], string, string][])('%j is %s', (states, bar, done) => {
  const job = jobOf(...states);
  expect([jobBar(job.progress, 10), doneOf(job)]).toEqual([bar, done]);
});

test('one failed task of 500 is visible, and the bar of the others is not full', () => {
  const job = jobOf('failed', ...Array.from({ length: 499 }, (): State => 'succeeded'));
  // As the API rounds it.
  const progress = { ...job.progress, fraction: 1 };
  expect(jobBar(progress, 10)).toBe('█████████✗  99%');
  expect(doneFraction(progress)).toBeCloseTo(0.998);
});

describe('the last lines', () => {
  const terminal = { columns: 60, rows: 24 };

  test('of a failed job on a terminal: no full bar, the whole reason, and what to run', async () => {
    await using api = await FakeApi.start();
    const message = 'The provider did not answer within 90 s, in the third of three attempts, after two other failures';
    const error = { code: 'AttemptTimeout', message, retryable: true, hint: 'Look at it.', provider: null };
    api.put(fakeJob('job1', [fakeTask(0, 'failed', { name: 'yard', error })]));
    const { code, stdout } = await runCommand(['watch', 'job1'], { env: { ...api.env, NO_COLOR: '1' }, terminal });
    const shown = stripVTControlCharacters(stdout).split('\n');
    expect(code).toBe(1);
    expect(stdout).not.toMatch(/100%|█/);
    expect(shown.slice(-12)).toEqual([
      'job1  failed  ✗✗✗✗✗✗✗✗✗✗   0%  0/1 done, 1 failed  32s',
      '  yard  failed  -  30s  AttemptTimeout',
      '',
      'yard: AttemptTimeout: The provider did not answer within',
      '  90 s, in the third of three attempts, after two other',
      '  failures',
      '  Look at it.',
      '',
      'Next:',
      '  genwarden explain job1  # why, and what to do',
      '  genwarden retry job1    # run the failed task again',
      '',
    ]);
  });

  test('of 500 tasks are one screen', async () => {
    await using api = await FakeApi.start();
    api.put(jobOf('failed', ...Array.from({ length: 499 }, (): State => 'succeeded')));
    const { stdout } = await runCommand(['watch', 'job1'], { env: { ...api.env, NO_COLOR: '1' }, terminal });
    const shown = stripVTControlCharacters(stdout).split('\n');
    const start = shown.findLastIndex((line) => line.startsWith('job1  failed'));
    expect(shown[start]).toBe('job1  failed  █████████✗  99%  499/500 done, 1 failed  32s');
    expect(shown[start + 1]).toBe('  task 0   failed     -     30s  AttemptTimeout');
    expect(shown.findIndex((line, at) => at > start && line.includes('… and 487 more'))).toBe(start + 14);
  });

  test('commands lose their remarks on a narrow terminal, and are those of the plugin in kubectl', () => {
    const job = jobOf('cancelled', 'failed');
    expect(nextLines({}, job, { columns: 40 })).toEqual([
      'Next:',
      '  genwarden explain job1',
      '  genwarden retry job1',
    ]);
    const connect = () => Promise.reject(new Error('not called'));
    expect(nextLines({ connect }, job)).toEqual([
      'Next:',
      '  kubectl genwarden explain job1 -n default  # why, and what to do',
      '  kubectl genwarden retry job1 -n default    # run the failed task and cancelled task again',
    ]);
  });

  test('a refused prompt is not worth a retry; results are worth a download', async () => {
    await using api = await FakeApi.start();
    const error = { code: 'PromptRefused', message: 'No', retryable: false, hint: 'Change it.', provider: null };
    const artifact = { name: 'image', mediaType: 'image/png', bytes: 1, digest: 'sha256:0', href: '' };
    api.put(fakeJob('job1', [fakeTask(0, 'failed', { error }), fakeTask(1, 'succeeded', { artifacts: [artifact] })]));
    const { stdout } = await runCommand(['watch', 'job1'], { env: api.env });
    expect(stdout.split('Next:\n')[1]).toBe(
      '  genwarden explain job1            # why, and what to do\n' +
        '  genwarden download job1 --to DIR  # save the result\n',
    );
  });
});

test('many tasks that change alike at once are one line', () => {
  const waitingFor = { reason: 'NoWorkers', until: null, detail: 'No worker serves pool default' } as const;
  const queued = Array.from({ length: 500 }, (_, index) => fakeTask(index, 'queued', { waitingFor }));
  const before = fakeJob('job1', queued);
  expect(changeLines(undefined, before)).toEqual(['job1  500 tasks  queued  NoWorkers: No worker serves pool default']);
  const after = fakeJob('job1', [fakeTask(0, 'running'), fakeTask(1, 'running'), ...queued.slice(2)]);
  expect(changeLines(before, after)).toEqual([
    'job1  task 0  running (attempt 1)  Claimed: It is running.',
    'job1  task 1  running (attempt 1)  Claimed: It is running.',
  ]);
  expect(changeLines(after, after)).toEqual([]);
});

test.each([
  [120, 24],
  [80, 24],
  [40, 12],
  [20, 6],
])('500 tasks with long names, emoji and right-to-left text fit into %i × %i', (columns, rows) => {
  const names = ['n'.repeat(100), '🏡'.repeat(50), 'حديقة '.repeat(16), 'גינה', '👩‍👩‍👧 family', 'a\u202eb\u001b[31m'];
  const waitingFor = {
    reason: 'RateLimit',
    until: '2026-01-01T00:10:12Z',
    detail: 'Every key is busy '.repeat(20),
  } as const;
  const states: State[] = ['queued', 'running', 'failed', 'succeeded', 'needs_review', 'waiting'];
  const tasks = Array.from({ length: 500 }, (_, index) => {
    const state = states[index % 5]!;
    return fakeTask(index, state, { name: names[index % 6]!, ...(state === 'queued' ? { waitingFor } : {}) });
  });
  const screen = { columns, rows, now: commandsNow, paint: (_: string, text: string) => text };
  const lines = screenLines([fakeJob('job1', tasks)], screen);
  expect(lines.length).toBeLessThan(rows);
  expect(lines.filter((line) => stringWidth(line) > columns)).toEqual([]);
  for (const control of ['\u001b', '\u202e']) expect(lines.join('\n')).not.toContain(control);
  expect(lines.some((line) => /… and \d+ more/.test(line))).toBe(true);
});

test('a reason wraps between words if there is room, and is below its task on a narrow terminal', () => {
  const waitingFor = { reason: 'RateLimit', until: '2026-01-01T00:10:12Z', detail: 'Every key is busy' } as const;
  const job = fakeJob('job1', [fakeTask(0, 'queued', { name: 'the front yard in autumn', waitingFor })]);
  const at = (columns: number) => screenLines([job], { columns, rows: 24, now: commandsNow, paint: (_, text) => text });
  expect(at(40).slice(2)).toEqual([
    '  the front y…  queued',
    '    rate limit until 00:10:12Z (12 s)',
    '',
    'the front yard in autumn waits',
    '  (RateLimit): Every key is busy',
  ]);
  expect(at(66)[1]).toBe('  the front yard in …  queued  -  10m  rate limit until 00:10:12Z');
  expect(at(66)[2]).toBe(`${' '.repeat(39)}(12 s)`);
});
