// `explain`, `stuck`, `pause` and `resume`: their output, questions and exit codes.

import { describe, expect, test } from 'vitest';
import type { ExplainedJob, ExplainedTask, ObservedPool, Searched, StuckTask } from '../../../src/client/index.ts';
import { commandsNow, runCommand, type CommandOptions } from '../../support/commandLine.ts';
import { answerJson, FakeApi } from '../../fakes/fakeApi.ts';

const ago = (ms: number): string => new Date(commandsNow - ms).toISOString();

function explained(over: Partial<ExplainedTask> = {}): ExplainedTask {
  return {
    job: 'job1',
    task: 0,
    name: null,
    pool: 'default',
    state: 'queued',
    reason: 'Submitted',
    run: 1,
    attempt: 0,
    sequence: 7,
    since: ago(310_000),
    sinceMs: 310_000,
    cause: 'NoWorkers',
    summary: 'No worker serves pool default',
    details: [],
    advice: ['Start one with `genwarden worker --pool default`'],
    dueAt: ago(-86_000_000),
    retryAt: null,
    next: [{ at: ago(-86_000_000), rule: 'QueueTimeout', says: 'It fails with QueueTimeout in 23 h 54 min' }],
    budgetsLeft: { queue: 86_000_000, run: 300_000, review: 86_400_000 },
    queue: { lane: 'normal', ahead: 0, aheadRequeued: 0, before: 0, startsInMs: null },
    worker: null,
    error: null,
    ...over,
  };
}

const pool: ObservedPool = {
  name: 'default',
  lanes: { again: 0, high: 0, normal: 3, low: 0, guest: 0 },
  workers: 0,
  draining: 0,
  slots: { total: 0, free: 0 },
  keys: [{ fingerprint: 'k1', state: 'ready', until: null, cause: null }],
  paused: false,
  pausedUntil: null,
  lastClaimAt: ago(300_000),
};

describe('explain', () => {
  test('prints the reason, the next steps and the advice, once for tasks in the same situation', async () => {
    await using api = await FakeApi.start();
    const job: ExplainedJob = {
      id: 'job1',
      state: 'queued',
      summary: '2 of 3 tasks are queued. Task 0: No worker serves pool default',
      deadlineAt: ago(-86_000_000),
      pool,
      webhook: null,
      traceId: null,
      tasks: [
        explained({ name: 'front\u001byard' }),
        explained({ task: 1, details: ['2 tasks are ahead of it'] }),
        explained({ task: 2, state: 'succeeded', cause: 'Succeeded', summary: 'It succeeded', advice: [], next: [] }),
      ],
    };
    api.route('GET /v1/jobs/job1/explain', (_, response) => answerJson(response, 200, job));
    const { code, stdout } = await runCommand(['explain', 'job1'], { env: api.env });
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'job job1 is queued: 2 of 3 tasks are queued. Task 0: No worker serves pool default',
      '',
      'tasks 0 (front�yard), 1  queued for 5 min 10 s, run 1, attempt 0',
      '  why   No worker serves pool default',
      '  next  It fails with QueueTimeout in 23 h 54 min',
      '  do    Start one with `genwarden worker --pool default`',
      '',
      'task 2  succeeded for 5 min 10 s, run 1, attempt 0',
      '  why   It succeeded',
      '',
      'pool default: 0 workers; 0 of 0 slots free; queued: normal 3; keys: k1 ready; last claim: 5 min ago',
      '',
    ]);
    const json = await runCommand(['explain', 'job1', '-o', 'json'], { env: api.env });
    expect(JSON.parse(json.stdout)).toEqual(job);
  });
});

const stuckTask = (over: Partial<StuckTask> = {}): StuckTask => ({
  ...explained(),
  tenant: 'default',
  overdue: false,
  ...over,
});

const searched: Searched = {
  tenant: 'default',
  openTasks: 3,
  jobs: 12,
  jobState: null,
  sequence: 812,
  at: ago(300),
  ageMs: 312,
  complete: true,
  leader: 'controller-1',
};

interface Asked {
  query: URLSearchParams;
  fixed: unknown;
}

async function stuckApi(
  items: StuckTask[],
  total = items.length,
  over: Partial<Searched> = {},
): Promise<FakeApi & { asked: Asked }> {
  const api = await FakeApi.start();
  const asked: Asked = { query: new URLSearchParams(), fixed: undefined };
  api.route('GET /v1/stuck', ({ query }, response) => {
    asked.query = query;
    answerJson(response, 200, { items, next: null, total, pools: [pool], searched: { ...searched, ...over } });
  });
  api.route('POST /v1/stuck/fix', ({ body }, response) => {
    asked.fixed = JSON.parse(body.toString());
    const outcomes = ['failed', 'changed'];
    const fixed = items.map(({ job, task }, at) => ({ job, task, outcome: outcomes[at] }));
    answerJson(response, 200, { items: fixed, next: null });
  });
  return Object.assign(api, { asked });
}

const run = (api: FakeApi, args: string[], options: CommandOptions = {}) =>
  runCommand(['stuck', ...args], { env: api.env, ...options });

describe('stuck', () => {
  test('nothing is stuck: exit code 0; a plain number means minutes', async () => {
    await using api = await stuckApi([]);
    const jobId = '01jd8m3q5v7k9x2c4b6n8p0r2t';
    expect(await run(api, ['--older-than', '7', '--job-id', jobId, '--pool', 'default'])).toEqual({
      code: 0,
      stdout:
        'No task of 3 open of job 01jd8m3q5v7k9x2c4b6n8p0r2t is stuck (tenant default, pool default, seen up to sequence 812, 312 ms ago).\n',
      stderr: '',
    });
    expect([...api.asked.query]).toEqual([
      ['olderThan', '7m'],
      ['jobId', jobId],
      ['pool', 'default'],
    ]);
    await run(api, ['--older-than', '1h30m']);
    expect(api.asked.query.get('olderThan')).toBe('1h30m');
    await run(api, []);
    expect(api.asked.query.get('olderThan')).toBe('5m');
    for (const nonsense of ['soon', '', '-5', '5x', '1e3', '31d', '99999999999999999999']) {
      expect([nonsense, (await run(api, [`--older-than=${nonsense}`])).code]).toEqual([nonsense, 2]);
    }
    expect((await run(api, ['--fix'])).code).toBe(0);
  });

  test('the all-clear says what was looked at', async () => {
    const says = async (over: Partial<Searched>, ...args: string[]): Promise<string> => {
      await using api = await stuckApi([], 0, over);
      const { code, stdout } = await run(api, args);
      expect(code).toBe(over.complete === false ? 4 : 0);
      return stdout;
    };
    const seen = '(all tenants, seen up to sequence 812, 312 ms ago).\n';
    expect(await says({ tenant: null })).toBe(`No task of 3 open is stuck ${seen}`);
    expect(await says({ tenant: null, openTasks: 0 })).toBe(`No task is open; 12 jobs known ${seen}`);
    expect(await says({ tenant: null, openTasks: 0, jobs: 0 })).toBe(`No task is open, and no job is known ${seen}`);
    expect(
      await says({ tenant: null, openTasks: 0, jobState: 'failed' }, '--job-id', '01jd8m3q5v7k9x2c4b6n8p0r2t'),
    ).toBe(`No task of job 01jd8m3q5v7k9x2c4b6n8p0r2t, which is failed, is open ${seen}`);
    expect(await says({ leader: null })).toContain('\nWarning: no controller leads, so nothing moves tasks');
    expect(await says({ complete: false })).toContain('\nWarning: tasks of a newer version are not included');
  });

  test('exit code 4, and no all-clear, when the API cannot tell', async () => {
    const problems = [
      [503, 'Unavailable', 'NATS did not answer within 3 s'],
      [503, 'NotReady', 'The index of this API process is not current: it has read the stream up to message 7 of 812'],
      [404, 'JobNotFound', 'There is no job job1'],
      [422, 'PoolNotFound', 'There is no pool defualt; available: default'],
      [401, 'Unauthorized', 'The token is not valid'],
    ] as const;
    for (const [status, code, detail] of problems) {
      await using api = await FakeApi.start();
      const problem = { type: 'x', title: 'x', status, code, detail, hint: 'Look.' };
      api.route('GET /v1/stuck', (_, response) => answerJson(response, status, problem));
      const ended = await run(api, []);
      expect(ended).toEqual({
        code: 4,
        stdout: '',
        stderr: `genwarden: ${detail}\n  ${code}: Look.\n  It is not known whether a task is stuck.\n`,
      });
    }
  });

  test('stuck tasks: a table with reasons, each advice once, exit code 3', async () => {
    await using api = await stuckApi([stuckTask(), stuckTask({ job: 'job2', sequence: 9 })], 700);
    const { code, stdout } = await run(api, []);
    expect(code).toBe(3);
    expect(stdout.split('\n')).toEqual([
      'JOB   TASK  STATE   FOR  CAUSE      WHY',
      'job1     0  queued   5m  NoWorkers  No worker serves pool default',
      'job2     0  queued   5m  NoWorkers  No worker serves pool default',
      '',
      '698 more are not shown.',
      '',
      '- Start one with `genwarden worker --pool default`',
      '',
    ]);
    const json = await run(api, ['-o', 'json']);
    expect(json.code).toBe(3);
    expect(JSON.parse(json.stdout)).toMatchObject({ total: 700, items: [{ job: 'job1' }, { job: 'job2' }] });
    expect(api.asked.fixed).toBeUndefined();
  });

  test('--fix asks, and fails exactly the printed tasks', async () => {
    await using api = await stuckApi([stuckTask(), stuckTask({ job: 'job2', task: 3, sequence: 9 })]);
    const no = await run(api, ['--fix'], { answer: 'n' });
    expect(no).toMatchObject({ code: 3 });
    expect(no.stderr).toContain('Fail these 2 tasks? No other task is changed. [y/N] Nothing was changed.');
    expect(api.asked.fixed).toBeUndefined();
    const yes = await run(api, ['--fix'], { answer: 'y' });
    expect(yes.code).toBe(0);
    expect(yes.stdout).toContain(
      'job1/0 failed with FailedByOperator\njob2/3 not changed: the task has moved since it was listed\n',
    );
    expect(api.asked.fixed).toEqual({
      tasks: [
        { job: 'job1', task: 0, sequence: 7 },
        { job: 'job2', task: 3, sequence: 9 },
      ],
    });
  });

  test('--fix without a terminal needs --yes, and tasks that were not printed stay stuck', async () => {
    await using api = await stuckApi([stuckTask()], 2);
    const refused = await run(api, ['--fix']);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain('pass --yes');
    expect(api.asked.fixed).toBeUndefined();
    const fixed = await run(api, ['--fix', '--yes', '-o', 'json']);
    expect(fixed.code).toBe(3);
    expect(JSON.parse(fixed.stdout)).toMatchObject({ items: [{ job: 'job1' }], fixed: [{ outcome: 'failed' }] });
  });
});

describe('pause and resume', () => {
  test('print the end of the pause, and when the first task would fail', async () => {
    await using api = await FakeApi.start();
    const paused = {
      name: 'default',
      queued: 3,
      paused: true,
      pausedUntil: null,
      firstQueueTimeoutAt: ago(-3_600_000),
    };
    let body = '';
    api.route('POST /v1/pools/default/pause', (request, response) => {
      body = request.body.toString();
      answerJson(response, 200, paused);
    });
    api.route('POST /v1/pools/default/resume', (_, response) =>
      answerJson(response, 200, { ...paused, paused: false }),
    );
    const { code, stdout } = await runCommand(['pause', 'default', '--for', '30m'], { env: api.env });
    expect({ code, body }).toEqual({ code: 0, body: '{"for":"30m"}' });
    expect(stdout).toBe(
      'Pool default is paused until it is resumed.\nQueued tasks: 3. The first fails with QueueTimeout in 1 h (2026-01-01T01:10:00.000Z).\n',
    );
    const resumed = await runCommand(['resume', 'default'], { env: api.env });
    expect(resumed.stdout).toBe('Pool default is no longer paused; queued tasks: 3.\n');
    expect((await runCommand(['pause', 'default', '--for', 'ever'], { env: api.env })).code).toBe(2);
  });
});
