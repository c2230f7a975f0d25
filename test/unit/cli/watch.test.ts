// `genwarden watch`: lines without a terminal, progress bars on one, and an API that is unavailable for a while.

import type { ServerResponse } from 'node:http';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { screenLines, type Screen } from '../../../src/cli/client/watch/screen.ts';
import stringWidth from 'string-width';
import type { State } from '../../../src/client/index.ts';
import { commandsNow, runCommand, startCommand } from '../../support/commandLine.ts';
import { answerProblem, FakeApi } from '../../fakes/fakeApi.ts';
import { fakeJob, fakeTask } from '../../fakes/fakeJobs.ts';
import { until } from '../../support/until.ts';

const twoTasks = (first: State, second: State) =>
  fakeJob('job1', [fakeTask(0, first, { name: 'yard' }), fakeTask(1, second)]);

test('without a terminal it prints a line per change, and exits when the job ends', async () => {
  await using api = await FakeApi.start();
  api.put(twoTasks('queued', 'running'));
  const running = startCommand(['watch', 'job1'], { env: api.env });
  await api.held();
  api.put(twoTasks('running', 'running'));
  await until(() => running.stdout().includes('yard  running'), { what: 'the second look' });
  await api.held();
  api.put(twoTasks('succeeded', 'failed'));
  expect(await running.ended).toBe(1);
  expect(running.stdout().split('\n')).toEqual([
    '00:10:00Z  job1  yard  queued  Submitted: It is queued.',
    '00:10:00Z  job1  task 1  running (attempt 1)  Claimed: It is running.',
    '00:10:00Z  job1  yard  running (attempt 1)  Claimed: It is running.',
    '00:10:00Z  job1  yard  succeeded (attempt 1)  Succeeded: It is succeeded.',
    '00:10:00Z  job1  task 1  failed (attempt 1)  AttemptTimeout: It is failed.',
    '00:10:00Z  job1  failed: 1 of 2 tasks succeeded, 1 failed',
    'task 1: AttemptTimeout: No answer within 30 s',
    '  Look at the provider.',
    'Next:',
    '  genwarden explain job1  # why, and what to do',
    '  genwarden retry job1    # run the failed task again',
    '',
  ]);
});

test('progress alone prints no line, and an unchanged job is requested once', async () => {
  await using api = await FakeApi.start();
  const at = (progress: number) => fakeJob('job1', [fakeTask(0, 'running', { progress })]);
  api.put(at(0.1));
  const running = startCommand(['watch', 'job1'], { env: api.env });
  await api.held();
  const asked = api.requests.length;
  api.put(at(0.2));
  await until(() => api.requests.length > asked, { what: 'the next question' });
  await api.held();
  api.put(fakeJob('job1', [fakeTask(0, 'succeeded')]));
  expect(await running.ended).toBe(0);
  expect(running.stdout().match(/task 0/g)).toHaveLength(2);
});

test('a line tells why a queued task waits, when that changes', async () => {
  await using api = await FakeApi.start();
  const detail = 'Gemini answers 503 since 2026-01-01T00:02:00Z';
  const waitingFor = { reason: 'ProviderOutage', until: '2026-01-01T00:11:10Z', detail } as const;
  api.put(fakeJob('job1', [fakeTask(0, 'queued', { waitingFor })]));
  const running = startCommand(['watch', 'job1'], { env: api.env });
  await api.held();
  api.put(fakeJob('job1', [fakeTask(0, 'succeeded')]));
  expect(await running.ended).toBe(0);
  expect(running.stdout().split('\n')[0]).toBe(`00:10:00Z  job1  task 0  queued  ProviderOutage: ${detail}`);
});

test('several jobs are watched at once; exit code 0 only if all succeeded; JSON is printed at the end', async () => {
  await using api = await FakeApi.start();
  const jobs = [fakeJob('job1', [fakeTask(0, 'succeeded')]), fakeJob('job2', [fakeTask(0, 'cancelled')])];
  for (const job of jobs) api.put(job);
  expect(await runCommand(['watch', 'job1'], { env: api.env })).toMatchObject({ code: 0 });
  const { code, stdout } = await runCommand(['watch', 'job2', 'job1', '-o', 'json'], { env: api.env });
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toEqual({ items: jobs.toReversed(), next: null });
});

describe('an unavailable API', () => {
  test('is retried, and both outage and recovery are reported', async () => {
    await using api = await FakeApi.start();
    api.put(twoTasks('running', 'running'));
    const running = startCommand(['watch', 'job1'], { env: api.env });
    await api.held();
    const { port } = api;
    await api.close();
    await until(() => running.stderr().includes('unavailable'), { what: 'the notice that the API is unavailable' });
    await using again = new FakeApi();
    again.put(twoTasks('succeeded', 'succeeded'));
    await again.listen(port);
    expect(await running.ended).toBe(0);
    expect(running.stderr()).toMatch(
      /^genwarden: the API is unavailable, retrying: .+\ngenwarden: the API is available again\n$/,
    );
    expect(running.stdout()).toContain('job1  succeeded');
  });

  test('for longer than --patience exits with 4', async () => {
    const api = await FakeApi.start();
    api.put(twoTasks('running', 'running'));
    const running = startCommand(['watch', 'job1', '--patience', '100ms'], { env: api.env });
    await api.held();
    await api.close();
    expect(await running.ended).toBe(4);
    expect(running.stderr()).toContain('The job continues. To watch it again:\n  genwarden watch job1\n');
    expect(running.stderr()).toContain('ServerUnreachable');
  });

  test('exits with 1 at once when the job no longer exists', async () => {
    await using api = await FakeApi.start();
    api.put(twoTasks('running', 'running'));
    const running = startCommand(['watch', 'job1'], { env: api.env });
    await api.held();
    api.route('GET /v1/jobs/job1', (_, response) => answerProblem(response, 404, 'JobNotFound', 'It is gone'));
    api.put(twoTasks('running', 'running'));
    expect(await running.ended).toBe(1);
    expect(running.stderr()).toBe(
      'genwarden: Job job1 was deleted while it was watched\n' +
        '  JobNotFound: Someone deleted it, or its retention ended. Its results are gone.\n',
    );
  });
});

test('on a terminal it redraws progress bars, and leaves the last screen', async () => {
  await using api = await FakeApi.start();
  const at = (progress: number) => fakeJob('job1', [fakeTask(0, 'running', { name: 'yard', progress })]);
  api.put(at(0.25));
  const terminal = { columns: 100, rows: 10 };
  const running = startCommand(['watch', 'job1'], { env: { ...api.env, NO_COLOR: '1' }, terminal });
  const shown = (): string => stripVTControlCharacters(running.stdout());
  await until(() => shown().includes('█████░░░░░░░░░░░░░░░  25%'), { what: 'the first bar' });
  api.put(at(0.5));
  await until(() => shown().includes('██████████░░░░░░░░░░  50%'), { what: 'the bar half full' });
  api.put(fakeJob('job1', [fakeTask(0, 'succeeded', { name: 'yard' })]));
  expect(await running.ended).toBe(0);
  expect(shown().trimEnd().split('\n').at(-1)).toMatch(/yard +succeeded +█{10} 100% +8s$/);
});

test('on a terminal it shows the text of a task while the model writes it; in a pipe it does not', async () => {
  await using api = await FakeApi.start();
  const at = (state: State, output: string | null = null) => ({
    ...fakeJob('job1', [fakeTask(0, state, { name: 'story', output })]),
    kind: 'text' as const,
  });
  api.put(at('running'));
  const event = (offset: number, text: string): string => {
    const data = { job: 'job1', task: 0, worker: 'w', progress: 0.5, partial: { run: 1, attempt: 1, offset, text } };
    return `event: progress\ndata: ${JSON.stringify(data)}\n\n`;
  };
  let stream: ServerResponse | undefined;
  api.route('GET /v1/jobs/job1/events', (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    stream = response;
  });
  const terminal = { columns: 60, rows: 10 };
  const running = startCommand(['watch', 'job1'], { env: { ...api.env, NO_COLOR: '1' }, terminal });
  const shown = (): string => stripVTControlCharacters(running.stdout());
  await until(() => stream !== undefined, { what: 'the request for events' });
  stream!.write(event(0, 'A draft'));
  await until(() => shown().includes('A draft'), { what: 'the draft' });
  stream!.write(event(0, 'Once upon a\u001b[2J'));
  stream!.write(event(15, ' time\nthere was'));
  await until(() => shown().includes('Once upon a�[2J time\nthere was'), { what: 'the text' });
  const pipe = startCommand(['watch', 'job1'], { env: api.env });
  await until(() => pipe.stdout() !== '', { what: 'the first line' });
  api.put(at('succeeded', 'Once upon a\u001b[2J time\nthere was'));
  expect([await running.ended, await pipe.ended]).toEqual([0, 0]);
  expect(pipe.stdout()).not.toContain('Once');
  expect(shown().trimEnd().split('\n').slice(-7)).toEqual([
    '',
    'Once upon a�[2J time',
    'there was',
    '',
    'Next:',
    '  genwarden get job1                # show the text',
    '  genwarden download job1 --to DIR  # save the result',
  ]);
});

describe('the screen', () => {
  const screen = (columns: number, rows: number, outage?: { why: string; since: number }): Screen => ({
    columns,
    rows,
    now: commandsNow,
    paint: (_, text) => text,
    outage,
  });
  const states: State[] = ['succeeded', 'queued', 'failed', 'running', 'waiting'];
  const many = fakeJob(
    'job1',
    Array.from({ length: 100 }, (_, index) => fakeTask(index, states[index % 5]!, { name: `図 ${index}` })),
  );

  test('has a line for the job and one per task', () => {
    expect(screenLines([twoTasks('running', 'waiting')], screen(120, 24))).toEqual([
      'job1  running  ░░░░░░░░░░░░░░░░░░░░   0%  0/2 done  10m  ends by 00:15:00Z (5 min)',
      '  yard    running  ░░░░░░░░░░   0%  9m  on worker-1',
      '  task 1  waiting  -                9m  next attempt in 4 s: ProviderUnavailable',
    ]);
  });

  test('shows what a queued task waits for, and until when', () => {
    const next = '2026-01-01T00:11:10Z';
    const waitingFor = { reason: 'ProviderOutage', until: next, detail: 'Gemini answers 503' } as const;
    const lines = screenLines([fakeJob('job1', [fakeTask(0, 'queued', { waitingFor })])], screen(120, 24));
    expect(lines.slice(1)).toEqual([
      '  task 0  queued  -  10m  provider outage, next try in 1 min 10 s',
      '',
      'task 0 waits (ProviderOutage): Gemini answers 503',
    ]);
  });

  test('has the end of the newest text, in the rows that are left, and none of an attempt that failed', () => {
    const text = { job: 'job1', task: 0, text: `${'first line, '.repeat(3)}\n図図図図図図図図図図図図 last` };
    const lines = screenLines([twoTasks('running', 'queued')], { ...screen(20, 10), text });
    expect(lines.slice(4)).toEqual([
      '',
      'first line, first',
      'line, first line, ',
      '図図図図図図図図図図',
      '図図 last',
    ]);
    expect(screenLines([twoTasks('running', 'queued')], { ...screen(20, 6), text })).toHaveLength(4);
    expect(screenLines([twoTasks('waiting', 'queued')], { ...screen(20, 10), text })).toHaveLength(4);
  });

  test.each([
    [80, 24],
    [40, 5],
    [20, 2],
    [10, 1],
  ])('fits into %i columns and %i rows, whatever there is to show', (columns, rows) => {
    for (const away of [undefined, { why: 'connect ECONNREFUSED 127.0.0.1:8080', since: commandsNow }]) {
      const lines = screenLines([many, twoTasks('running', 'failed'), many], screen(columns, rows, away));
      expect(lines.length).toBeLessThanOrEqual(Math.max(1, rows - 1) + (rows <= 2 && away !== undefined ? 1 : 0));
      expect(lines.filter((line) => stringWidth(line) > columns)).toEqual([]);
    }
  });

  test('shows active and failed tasks first if not all fit, and counts the rest', () => {
    const lines = screenLines([many], screen(120, 44));
    expect(lines).toHaveLength(43);
    expect(lines.filter((line) => line.includes('running '))).toHaveLength(21);
    expect(lines.filter((line) => line.includes('waiting '))).toHaveLength(20);
    expect(lines.at(-1)).toBe('  … and 59 more');
  });

  test('shows that the API is unavailable', () => {
    const lines = screenLines([twoTasks('running', 'running')], screen(120, 24, { why: 'why', since: commandsNow }));
    expect(lines.at(-1)).toBe('API unavailable since 00:10:00Z, retrying: why');
  });
});
