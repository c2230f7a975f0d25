// The commands that read and change jobs: their requests, output and exit codes.

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCommand } from '../../support/commandLine.ts';
import { answerJson, answerProblem, FakeApi } from '../../fakes/fakeApi.ts';
import { fakeJob, fakeTask } from '../../fakes/fakeJobs.ts';
import { startProcess } from '../../support/process.ts';

const mixed = fakeJob('job1', [
  fakeTask(0, 'succeeded', { name: 'front-yard' }),
  fakeTask(1, 'running', { name: 'walkway\u001b[2J', attempt: 2, progress: 0.459 }),
  fakeTask(2, 'failed'),
]);

test.each(['Unavailable', 'NotReady'])('%s: the API cannot know, which is exit code 4', async (code) => {
  for (const args of [['list'], ['get', 'job1'], ['pools'], ['workers']]) {
    await using api = await FakeApi.start();
    for (const path of ['jobs', 'jobs/job1', 'pools', 'workers'])
      api.route(`GET /v1/${path}`, (_, response) => answerProblem(response, 503, code, 'NATS is away'));
    expect(await runCommand(args, { env: api.env })).toMatchObject({ code: 4, stdout: '' });
  }
});

describe('get', () => {
  test('prints the job, its tasks and their errors', async () => {
    await using api = await FakeApi.start();
    api.put(mixed);
    const { code, stdout } = await runCommand(['get', 'job1'], { env: api.env });
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'JOB   STATE    POOL     KIND   DONE  AGE  REASON',
      'job1  running  default  image   1/3  10m  1 of 3 failed: AttemptTimeout',
      '',
      'TASK  NAME         STATE      ATTEMPT  DONE  AGE  REASON',
      '   0  front-yard   succeeded        1  100%  10m  Succeeded',
      '   1  walkway�[2J  running          2   45%  10m  Claimed',
      '   2  -            failed           1     -  10m  AttemptTimeout',
      '',
      'task 2: AttemptTimeout: No answer within 30 s',
      '  Look at the provider.',
      '',
    ]);
  });

  test('shows what tasks wait for, what they used and what that cost, if there is anything to show', async () => {
    await using api = await FakeApi.start();
    const outage = { reason: 'ProviderOutage', until: '2026-01-01T00:11:10Z', detail: 'Gemini answers 503' } as const;
    const backoff = { reason: 'Backoff', until: '2026-01-01T00:10:04Z', detail: 'Attempt 1 of 3 failed' } as const;
    const spent = { inputTokens: 1, outputTokens: 2, cost: 0.08, paidCalls: 2, durationMs: 7_800 };
    const used = { pool: 'spare', provider: 'gemini', model: 'pro' };
    const job = fakeJob('job1', [
      fakeTask(0, 'queued', { waitingFor: outage }),
      fakeTask(1, 'queued', { waitingFor: outage }),
      fakeTask(2, 'waiting', { waitingFor: backoff }),
      fakeTask(3, 'succeeded', { usage: spent, used }),
    ]);
    api.put({ ...job, usage: spent });
    const terminal = { columns: 160, rows: 40 };
    const { stdout } = await runCommand(['get', 'job1'], { env: { ...api.env, NO_COLOR: '1' }, terminal });
    const lines = stdout.split('\n').map((line) => line.split(/ {2,}/).join('  '));
    const on = 'default/gemini-3.1-flash-image';
    expect(lines).toEqual([
      'JOB  STATE  POOL  KIND  DONE  AGE  COST  REASON',
      'job1  queued  default  image  1/4  10m  0.08  provider outage, next try in 1 min 10 s',
      '',
      'TASK  NAME  STATE  ATTEMPT  DONE  AGE  REASON  RUNS ON  PAID CALLS  COST',
      `  0  -  queued  0  0%  10m  provider outage, next try in 1 min 10 s  ${on}  -  -`,
      `  1  -  queued  0  0%  10m  provider outage, next try in 1 min 10 s  ${on}  -  -`,
      `  2  -  waiting  1  0%  10m  next attempt in 4 s: attempt 1 of 3 failed  ${on}  -  -`,
      '  3  -  succeeded  1  100%  10m  Succeeded  spare/pro  2  0.08',
      '',
      '2 tasks wait (ProviderOutage): Gemini answers 503',
      'task 2 waits (Backoff): Attempt 1 of 3 failed',
      '',
    ]);
  });

  test("wide has more columns; JSON and YAML are the API's response", async () => {
    await using api = await FakeApi.start();
    api.put(mixed);
    const wide = (await runCommand(['get', 'job1', '-o', 'wide'], { env: api.env })).stdout;
    expect(wide).toContain('in 5m');
    expect(wide).toContain('project=p42');
    expect(wide).toContain('worker-1');
    const json = (await runCommand(['get', 'job1', '-o', 'json'], { env: api.env })).stdout;
    expect(JSON.parse(json)).toEqual(mixed);
    const yaml = (await runCommand(['get', 'job1', '--output', 'yaml'], { env: api.env })).stdout;
    expect(yaml).toContain('id: job1\n');
    expect(yaml).toContain('\n  - index: 0\n    name: front-yard\n    state: succeeded\n');
    expect(yaml).toContain('"walkway\\e[2J"');
  });

  test('prints the text output of a task', async () => {
    await using api = await FakeApi.start();
    api.put(fakeJob('job1', [fakeTask(0, 'succeeded', { output: { plants: ['sage', 'yarrow'] } })]));
    const { stdout } = await runCommand(['get', 'job1'], { env: api.env });
    expect(stdout).toContain('task 0:\n  {\n    "plants": [\n      "sage",\n');
  });

  test('on a terminal lines fit and are coloured, unless NO_COLOR is set', async () => {
    await using api = await FakeApi.start();
    api.put(mixed);
    const terminal = { columns: 28, rows: 20 };
    const { stdout } = await runCommand(['get', 'job1'], { env: { ...api.env, NO_COLOR: '1' }, terminal });
    expect(stdout.split('\n')).toEqual([
      'JOB   STATE    DONE  AGE',
      'job1  running   1/3  10m',
      '  1 of 3 failed:',
      '  AttemptTimeout',
      '',
      'TASK  NAME         STATE',
      '   0  front-yard   succeeded',
      '  Succeeded',
      '   1  walkway�[2J  running',
      '  Claimed',
      '   2  -            failed',
      '  AttemptTimeout',
      '',
      'task 2: AttemptTimeout: No',
      '        answer within 30 s',
      '  Look at the provider.',
      '',
    ]);
    expect(stdout).not.toContain('\u001b');
    const coloured = (await runCommand(['get', 'job1'], { env: api.env, terminal })).stdout;
    expect(coloured).toContain('\u001b[36mrunning\u001b[39m');
  });

  test('an unknown job exits with 1, code and hint', async () => {
    await using api = await FakeApi.start();
    const { code, stdout, stderr } = await runCommand(['get', 'nope'], { env: api.env });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      "genwarden: There is no job nope, and none whose id begins with it\n  JobNotFound: Check the job id and the token's tenant. A job is deleted when its retention ends.\n",
    );
  });
});

test.each([
  [['cancel', 'job1'], '/v1/jobs/job1/cancel', { running: 'stop' }],
  [['cancel', 'job1', '--finish-running'], '/v1/jobs/job1/cancel', { running: 'finish' }],
  [['retry', 'job1'], '/v1/jobs/job1/retry', {}],
  [['retry', 'job1', '--task', 'a b', '1'], '/v1/jobs/job1/retry', { tasks: ['a b', '1'] }],
  [
    ['review', 'job1', 'approve', '--note', 'fine'],
    '/v1/jobs/job1/tasks/0/review',
    { run: 1, decision: 'approve', note: 'fine' },
  ],
  [['review', 'job1', 'tweak'], '/v1/jobs/job1/tasks/0/review', { run: 1, decision: 'tweak' }],
  [
    ['review', 'job1', 'tweak', '--task', '1', '--run', '7', '--instruction', 'no red'],
    '/v1/jobs/job1/tasks/1/review',
    { run: 7, decision: 'tweak', instruction: 'no red' },
  ],
])('%j posts to %s', async (args, path, body) => {
  await using api = await FakeApi.start();
  api.put(mixed);
  api.route(`POST ${path}`, (_, response) => answerJson(response, 200, mixed));
  const { code, stdout } = await runCommand([...args, '-o', 'json'], { env: api.env });
  expect(code).toBe(0);
  expect(JSON.parse(api.requests.at(-1)!.body.toString())).toEqual(body);
  expect(JSON.parse(stdout)).toEqual(mixed);
});

test('a refused change exits with 1, one that the command line cannot mean with 2', async () => {
  await using api = await FakeApi.start();
  api.put(mixed);
  api.route('POST /v1/jobs/job1/cancel', (_, response) =>
    answerProblem(response, 409, 'JobAlreadyFinished', 'It has finished'),
  );
  expect(await runCommand(['cancel', 'job1'], { env: api.env })).toMatchObject({ code: 1, stdout: '' });
  expect((await runCommand(['review', 'job1', 'approve', '--instruction', 'x'], { env: api.env })).code).toBe(2);
  expect((await runCommand(['review', 'job1', 'burn'], { env: api.env })).code).toBe(2);
  expect((await runCommand(['review', 'job1', 'approve', '--task', 'nope'], { env: api.env })).code).toBe(1);
});

test('workers and pools are printed as tables', async () => {
  await using api = await FakeApi.start();
  const worker = {
    name: 'worker-1',
    pool: 'default',
    host: 'node-a',
    pid: 42,
    version: '0.1.0',
    startedAt: '2026-01-01T00:00:00.000Z',
    lastBeat: '2026-01-01T00:09:59.000Z',
    draining: false,
    slots: { total: 4, busy: 1, leaked: 0 },
    tasks: [
      { job: 'job1', task: 1, progress: 0, phase: 'reading it', waited: null, usual: null },
      { job: 'job1', task: 2, progress: 0, waited: 81_000, usual: { p50: 8_000, p95: 14_000 } },
    ],
    eventLoopLag: 1.6,
    memory: 104_857_600,
  };
  const until = '2026-01-01T00:11:10Z';
  const key = { state: 'ready', until: null, cause: null, inFlight: 1, requestsPerMinute: 10, message: '', models: [] };
  const pool = {
    name: 'default',
    provider: 'gemini',
    models: { image: ['flash-image'], text: ['flash'] },
    depth: { again: 0, high: 1, normal: 2, low: 0 },
    unacknowledged: 0,
    queued: 3,
    running: 1,
    waiting: 0,
    needsReview: 0,
    oldestQueuedAt: '2026-01-01T00:08:00.000Z',
    workers: 1,
    keys: [
      {
        ...key,
        fingerprint: 'k1',
        state: 'cooling',
        models: [{ model: 'flash-image', state: 'exhausted', until, cause: 'QuotaExhausted' }],
      },
      { ...key, fingerprint: 'k2', state: 'refused', until, cause: 'KeyRefused', message: 'The consumer is suspended' },
    ],
    outages: [
      { model: 'flash', state: 'open', since: '2026-01-01T00:02:00Z', until, status: 503, message: '', failures: 9 },
    ],
    tenants: [{ tenant: 'shop', queued: 120, running: 5, limit: 5, weight: 3 }],
    spending: [{ tenant: null, day: 3.2, month: 41, limits: { day: 20 }, dayEndsAt: until, monthEndsAt: until }],
  };
  api.route('GET /v1/workers', (_, response) => answerJson(response, 200, { items: [worker], next: null }));
  api.route('GET /v1/pools', (_, response) => answerJson(response, 200, { items: [pool], next: null }));
  const row = async (...args: string[]): Promise<string[]> =>
    (await runCommand(args, { env: api.env })).stdout.split('\n')[1]!.split(/ {2,}/);
  expect(await row('workers')).toEqual(['worker-1', 'default', 'node-a', '1/4', '1s', '10m', 'live']);
  expect(await row('workers', '-o', 'wide')).toContain('100.0 MiB');
  expect(await row('workers', '-o', 'wide')).toContain(
    'job1/1 reading it, job1/2 waited 1 min 21 s (usually 8.0 s to 14 s)',
  );
  expect((await runCommand(['pools'], { env: api.env })).stdout.split('\n').slice(2)).toEqual([
    '',
    'default: the provider answers 503 for flash since 2026-01-01T00:02:00Z; next probe in 1 min 10 s',
    'default: key k1 is out of quota for flash-image (QuotaExhausted); usable again in 1 min 10 s',
    'default: key k2 is refused (KeyRefused: The consumer is suspended); next check in 1 min 10 s',
    'default: spent 3.2 of 20 today, 41 this month',
    '',
  ]);
  expect(await row('pools')).toEqual(['default', 'gemini', 'no', '3', '2m', '1', '0', '0', '1', '0/2']);
  expect((await row('pools', '-o', 'wide')).join('; ')).toMatch(/again:0 high:1 normal:2 low:0; shop 5\/5\+120 ×3/);
  const { stdout } = await runCommand(['workers', '-o', 'json'], { env: api.env });
  expect(JSON.parse(stdout)).toEqual({ items: [worker], next: null });
});

describe('the connection', () => {
  test('the token is sent, also from a file, and the URL flag overrides the variable', async () => {
    await using api = await FakeApi.start();
    api.put(mixed);
    await runCommand(['get', 'job1', '--url', api.env['GENWARDEN_URL']!], {
      env: { GENWARDEN_URL: 'http://127.0.0.1:9', GENWARDEN_TOKEN: 'gw_secret' },
    });
    expect(api.requests[0]!.headers.authorization).toBe('Bearer gw_secret');
  });

  test.each([
    ['submit', '--prompt', 'p'],
    ['get', 'job1'],
    ['list'],
    ['watch', 'job1'],
    ['download', 'job1', '--to', join('nowhere', 'x')],
    ['workers'],
  ])('an API that is not there ends %s with 4', async (...args) => {
    const api = await FakeApi.start();
    const { env } = api;
    await api.close();
    const { code, stdout, stderr } = await runCommand(args, { env });
    expect([code, stdout]).toEqual([4, '']);
    expect(stderr).toContain('ECONNREFUSED');
    expect(stderr).toContain('ServerUnreachable');
  });

  test('an invalid address exits with 2', async () => {
    const { code, stderr } = await runCommand(['list', '--url', 'localhost:8080'], {});
    expect(code).toBe(2);
    expect(stderr).toContain('--url=localhost:8080');
  });
});

test('bin/genwarden runs the same commands with the same exit codes', async () => {
  await using api = await FakeApi.start();
  api.put(mixed);
  const bin = new URL('../../../bin/genwarden', import.meta.url).pathname;
  const got = await startProcess(bin, ['get', 'job1', '-o', 'json'], { env: api.env });
  expect(await got.exited).toEqual({ code: 0, signal: null });
  expect(JSON.parse(got.stdout.join('\n'))).toEqual(mixed);
  const unknown = await startProcess(bin, ['get', 'nope'], { env: api.env });
  expect(await unknown.exited).toEqual({ code: 1, signal: null });
});
