// `genwarden top`: the last hour, what is wrong, and its tables, printed once and refreshed.

import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import { beforeEach, afterEach, describe, expect, test } from 'vitest';
import { shareRows } from '../../../src/cli/client/top/screen.ts';
import { grouped, sparkline } from '../../../src/cli/output/sparkline.ts';
import { commandsNow, runCommand, startCommand } from '../../support/commandLine.ts';
import { FakeApi, answerJson, answerProblem } from '../../fakes/fakeApi.ts';
import { fakeJob, fakeTask } from '../../fakes/fakeJobs.ts';
import { until } from '../../support/until.ts';

const aKey = { until: null, cause: null, inFlight: 0, requestsPerMinute: 10, message: '', models: [] };
const pool = {
  name: 'default',
  provider: 'gemini',
  models: { image: ['m'], text: [] },
  depth: { again: 0, high: 0, normal: 3, low: 0 },
  unacknowledged: 0,
  queued: 3,
  running: 2,
  waiting: 1,
  needsReview: 0,
  oldestQueuedAt: '2026-01-01T00:08:30.000Z',
  paused: false,
  pausedUntil: null,
  workers: 2,
  keys: [
    { ...aKey, fingerprint: 'a', state: 'cooling', until: '2026-01-01T00:10:20Z', callsLastMinute: 9 },
    { ...aKey, fingerprint: 'b', state: 'ready', callsLastMinute: 2 },
  ],
  outages: [] as object[],
  spending: [],
};

const worker = (name: string, busy: number, state = busy === 0 ? 'draining' : 'live') => ({
  name,
  pool: 'default',
  host: name,
  pid: 1,
  version: '0.1.0',
  startedAt: '2026-01-01T00:00:00.000Z',
  lastBeat: '2026-01-01T00:09:59.000Z',
  draining: busy === 0,
  state,
  slots: { total: 4, busy, leaked: 0 },
  tasks: busy === 0 ? [] : [{ job: 'job1', task: 0, progress: 0.5 }],
  eventLoopLag: 1.6,
  memory: 104_857_600,
});

const hour = Date.parse('2025-12-31T23:11:00Z');
const quiet = { succeeded: 0, failed: 0, cancelled: 0, p50Ms: null, p95Ms: null, queued: 0, running: 0, waiting: 0 };
const busyMinute = { ...quiet, succeeded: 1, failed: 1, p50Ms: 4_000, p95Ms: 8_123, queued: 3, running: 2, waiting: 1 };
const activity = {
  at: '2026-01-01T00:10:00.000Z',
  since: new Date(hour).toISOString(),
  behindMs: 0,
  overdue: 0,
  now: { queued: 3, running: 2, waiting: 1, needs_review: 1 },
  hour: { succeeded: 1, failed: 1, cancelled: 0, p50Ms: 4_000, p95Ms: 128_123, successRate: 0.5 },
  minutes: Array.from({ length: 60 }, (_, at) => ({
    at: new Date(hour + at * 60_000).toISOString(),
    ...(at === 59 ? busyMinute : quiet),
  })),
};

let api: FakeApi;
const answer = (path: string, body: object): void =>
  api.route(`GET /v1/${path}`, (_, response) => answerJson(response, 200, body));
const answerList = (path: string, ...items: object[]): void =>
  answer(path, { items, next: null, total: items.length, complete: true, since: null });

beforeEach(async () => {
  api = await FakeApi.start();
  answerList('pools', pool);
  answerList('workers', worker('idle', 0), worker('busy', 2));
  answerList('stuck');
  const waitingFor = { reason: 'RateLimit', until: '2026-01-01T00:10:20Z', detail: 'All keys are busy' } as const;
  answerList('jobs', { ...fakeJob('job1', [fakeTask(0, 'running'), fakeTask(1, 'succeeded')]), waitingFor });
  answer('activity', activity);
});

afterEach(() => api[Symbol.asyncDispose]());

test('shows the last hour, what is wrong, pools, the busiest workers first, and why open jobs wait', async () => {
  const { code, stdout } = await runCommand(['top'], { env: api.env });
  expect(code).toBe(0);
  expect(stdout.split('\n')).toEqual([
    'Last hour: 1 succeeded, 1 failed, 0 cancelled; 1 in review   ● live',
    'success 50.0%  p95 2m  queued 3  p50 4.0s  running 2  waiting 1',
    '',
    '! default: key a is cooling; usable again in 20 s',
    '',
    'POOL     QUEUED  OLDEST  RUNNING  WAITING  WORKERS  SLOTS  KEYS  CALLS/MIN',
    'default       3     90s        2        1        2    2/8   1/2      11/20',
    '',
    'WORKER  POOL     STATE     SLOTS     MEMORY  LAG  BEAT  TASKS',
    'busy    default  live        2/4  100.0 MiB  2ms    1s  job1/0',
    'idle    default  draining    0/4  100.0 MiB  2ms    1s  -',
    '',
    'OPEN JOB  STATE    DONE  AGE  REASON                             PROMPT',
    'job1      running   1/2  10m  rate limit until 00:10:20Z (20 s)  a front yard with native plants',
    '',
  ]);
});

test("JSON has the API's answers", async () => {
  const { stdout } = await runCommand(['top', '-o', 'json'], { env: api.env });
  expect(JSON.parse(stdout)).toMatchObject({
    activity,
    pools: [{ name: 'default' }],
    workers: [{ name: 'idle' }, { name: 'busy' }],
    stuck: { total: 0, items: [] },
    jobs: [{ id: 'job1' }],
    moreJobs: false,
  });
});

test('an API of an earlier version has no figures and no states of workers', async () => {
  api.route('GET /v1/activity', (_, response) => answerProblem(response, 404, 'RouteNotFound', 'no such route'));
  answerList('workers', { ...worker('busy', 2), state: undefined });
  answerList('pools', { ...pool, keys: [{ ...pool.keys[1]!, callsLastMinute: undefined }] });
  const { stdout } = await runCommand(['top'], { env: api.env });
  const [head, row] = stdout.split('\n');
  expect(head).toMatch(/^POOL/);
  expect(row).toMatch(/2\/4 +1\/1 +-$/);
  expect(stdout).toMatch(/busy +default +live/);
});

describe('what is wrong', () => {
  test('comes first, the worst above, with countdowns; lost workers do not count', async () => {
    answer('activity', { ...activity, behindMs: 12_300, overdue: 2 });
    answerList('stuck', { since: '2026-01-01T00:02:00Z' }, { since: '2026-01-01T00:09:00Z' });
    const [since, until2] = ['2026-01-01T00:02:00Z', '2026-01-01T00:10:09Z'];
    const outage = { model: 'm', state: 'open', since, until: until2, status: 503, message: 'busy', failures: 9 };
    answerList(
      'pools',
      { ...pool, outages: [outage], keys: [] },
      { ...pool, name: 'paused', paused: true, workers: 0, keys: [], pausedUntil: '2026-01-01T00:12:10Z' },
      { ...pool, name: 'bare', workers: 0, queued: 1, keys: [] },
    );
    answerList('workers', worker('gone', 3, 'lost'), worker('ended', 0, 'stopped'), worker('busy', 2));
    const { stdout } = await runCommand(['top'], { env: api.env });
    expect(stdout.split('\n').filter((line) => /^[✗!]/.test(line))).toEqual([
      '✗ The API has been cut off from NATS for 12 s: everything below is that old',
      '✗ 2 tasks overdue: see `genwarden doctor`',
      '✗ 2 tasks stuck, the first for 8 min: see `genwarden stuck`',
      `✗ default: m answers 503, next probe in 9.0 s; out since ${since} (busy)`,
      '✗ bare: no worker serves 1 queued task',
      '! paused: paused for 2 min 10 s; 3 tasks queued, and their queue timeouts keep running',
      '! default: gone is lost, last heard 1.0 s ago',
    ]);
    expect(stdout).toContain('◌ 12s behind');
    expect(stdout).toMatch(/^default .* 2\/4 /m);
  });

  test('is nothing: no line', async () => {
    answerList('pools', { ...pool, keys: [] });
    const { stdout } = await runCommand(['top'], { env: api.env });
    expect(stdout).not.toMatch(/^[✗!]/m);
  });
});

describe('on a terminal', () => {
  const shown = async (columns: number, rows: number): Promise<string[]> => {
    const top = startCommand(['top', '--interval', '200ms'], {
      env: { ...api.env, NO_COLOR: '1' },
      terminal: { columns, rows },
    });
    await until(() => top.stdout() !== '', { what: 'the screen' });
    api.route('GET /v1/pools', (_, response) => answerProblem(response, 403, 'Forbidden', 'no more'));
    await top.ended;
    return stripVTControlCharacters(top.stdout()).trimEnd().split('\n');
  };

  test('sparklines show the hour; before `since` they are blank', async () => {
    answer('activity', { ...activity, since: new Date(hour + 30 * 60_000).toISOString() });
    const lines = await shown(80, 24);
    expect(lines[0]).toMatch(/^Last 29m: 1 succeeded/);
    expect(lines[1]).toMatch(/^success +50\.0% +▅ +p95 +2m +█$/);
    const [, blank, known] = /^queued +3 ( +)(▁+█) +p50/.exec(lines[2]!)!;
    expect(known!.length - blank!.length).toBeOneOf([0, 1]);
  });

  test.each([
    [80, 24],
    [120, 40],
    [40, 12],
    [20, 3],
  ])('%d × %d: everything fits', async (columns, rows) => {
    answerList('pools', ...Array.from({ length: 30 }, (_, at) => ({ ...pool, name: `pool-${at}` })));
    answerList('workers', ...Array.from({ length: 30 }, (_, at) => worker(`worker-${at}`, 2)));
    answerList('jobs', ...Array.from({ length: 30 }, (_, at) => fakeJob(`job-${at}`, [fakeTask(0, 'queued')])));
    const lines = await shown(columns, rows);
    expect(lines.length).toBeLessThan(rows);
    for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(columns);
    expect(lines[0]).toMatch(/^Last hour/);
    if (rows >= 24) expect(lines.filter((line) => /^(POOL|WORKER|OPEN JOB|… and \d+ more)/.test(line))).toHaveLength(7);
  });

  test('a reason of several lines stays whole, and what is left out is counted in jobs', async () => {
    const waitingFor = { reason: 'BudgetExhausted', until: '2026-01-02T00:00:00Z', detail: 'Spent' } as const;
    const id = (at: number) => `01jd000000000000000000000${at}`;
    answerList('jobs', ...[1, 2, 3, 4].map((at) => fakeJob(id(at), [fakeTask(0, 'queued', { waitingFor })])));
    const lines = await shown(60, 22);
    const start = lines.findIndex((line) => line.startsWith(id(1)));
    expect(lines.slice(start, start + 2).map((line) => line.trim())).toEqual([
      expect.stringMatching(/^01jd0+1 {2}queued +0\/1$/),
      'the budget is spent until 2026-01-02 00:00Z (23 h 50 min)',
    ]);
    const shownJobs = lines.filter((line) => /^01jd0+/.test(line)).length;
    expect(lines.at(-1)).toBe(`… and ${4 - shownJobs} more`);
  });

  test('it refreshes, also through an API outage, until the API refuses; --once prints once', async () => {
    const terminal = { columns: 100, rows: 30 };
    const once = await runCommand(['top', '--once'], { env: api.env, terminal });
    expect(once.stdout.split('WORKER  POOL')).toHaveLength(2);
    const top = startCommand(['top', '--interval', '200ms'], { env: api.env, terminal });
    await until(() => top.stdout().includes('job1/0'), { what: 'the first picture' });
    const stuckAsked = (): number => api.requests.filter(({ path }) => path === '/v1/stuck').length;
    const [pools, stuck] = [api.requests.filter(({ path }) => path === '/v1/pools').length, stuckAsked()];
    await until(() => api.requests.filter(({ path }) => path === '/v1/pools').length > pools + 1, { what: 'updates' });
    // That costs the API more than everything else.
    expect(stuckAsked()).toBe(stuck);
    api.route('GET /v1/pools', (_, response) => answerProblem(response, 503, 'NotReady', 'not yet'));
    await until(() => top.stdout().includes('API unavailable, retrying'), {
      what: 'the notice that the API is unavailable',
    });
    api.route('GET /v1/pools', (_, response) => answerProblem(response, 403, 'Forbidden', 'no more'));
    expect(await top.ended).toBe(1);
    expect(top.stderr()).toContain('no more');
  });
});

test('sparklines: 0 is the lowest block and nothing else is, null is a blank', () => {
  expect(sparkline([0, 0.001, 5, 10, null])).toBe('▁▂▅█ ');
  expect(sparkline([0, 0])).toBe('▁▁');
  expect(sparkline([0.5, 1], 1)).toBe('▅█');
  expect(sparkline([12], 10)).toBe('█');
  expect(sparkline([])).toBe('');
  expect(grouped([1, 2, 3, 4, 5], 2)).toEqual([
    [1, 2],
    [3, 4, 5],
  ]);
  expect(grouped([1, 2], 5)).toEqual([[1], [2]]);
  expect(grouped([1], 0)).toEqual([]);
});

test('tables share the rows: those that need few leave the rest to the others', () => {
  expect(shareRows([3, 30, 30], 23)).toEqual([3, 10, 10]);
  expect(shareRows([3, 4, 5], 23)).toEqual([3, 4, 5]);
  expect(shareRows([3, 4, 5], 4)).toEqual([2, 1, 1]);
  expect(shareRows([3, 4], -2)).toEqual([0, 0]);
  expect(shareRows([3, 4], Infinity)).toEqual([3, 4]);
  expect(commandsNow).toBeGreaterThan(hour);
});
