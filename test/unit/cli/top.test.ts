// `genwarden top`: its tables, printed once and refreshed.

import { beforeEach, afterEach, expect, test } from 'vitest';
import { runCommand, startCommand } from '../../support/commandLine.ts';
import { FakeApi, answerJson, answerProblem } from '../../fakes/fakeApi.ts';
import { until } from '../../support/until.ts';

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
  paused: true,
  pausedUntil: null,
  workers: 2,
  keys: [
    { fingerprint: 'a', state: 'cooling', until: null, cause: null, inFlight: 0, requestsPerMinute: 10 },
    { fingerprint: 'b', state: 'ready', until: null, cause: null, inFlight: 0, requestsPerMinute: 10 },
  ],
};

const worker = (name: string, busy: number) => ({
  name,
  pool: 'default',
  host: name,
  pid: 1,
  version: '0.1.0',
  startedAt: '2026-01-01T00:00:00.000Z',
  lastBeat: '2026-01-01T00:09:59.000Z',
  draining: busy === 0,
  slots: { total: 4, busy, leaked: 0 },
  tasks: busy === 0 ? [] : [{ job: 'job1', task: 0, progress: 0.5 }],
  eventLoopLag: 1.6,
  memory: 104_857_600,
});

let api: FakeApi;

beforeEach(async () => {
  api = await FakeApi.start();
  api.route('GET /v1/pools', (_, response) => answerJson(response, 200, { items: [pool], next: null }));
  const items = [worker('idle', 0), worker('busy', 2)];
  api.route('GET /v1/workers', (_, response) => answerJson(response, 200, { items, next: null }));
});

afterEach(() => api[Symbol.asyncDispose]());

test('shows pools, and the busiest workers first', async () => {
  const { code, stdout } = await runCommand(['top'], { env: api.env });
  expect(code).toBe(0);
  expect(stdout.split('\n')).toEqual([
    'POOL              QUEUED  OLDEST  RUNNING  WAITING  WORKERS  SLOTS  KEYS COOLING',
    'default (paused)       3     90s        2        1        2    2/8           1/2',
    '',
    'WORKER  POOL     SLOTS     MEMORY  LAG  BEAT  STATUS    TASKS',
    'busy    default    2/4  100.0 MiB  2ms    1s  ready     job1/0',
    'idle    default    0/4  100.0 MiB  2ms    1s  draining  -',
    '',
  ]);
});

test("JSON is the API's response", async () => {
  const { stdout } = await runCommand(['top', '-o', 'json'], { env: api.env });
  expect(JSON.parse(stdout)).toMatchObject({
    pools: [{ name: 'default' }],
    workers: [{ name: 'idle' }, { name: 'busy' }],
  });
});

test('on a terminal it refreshes, also through an API outage, until the API refuses; --once prints once', async () => {
  const terminal = { columns: 100, rows: 30 };
  const once = await runCommand(['top', '--once'], { env: api.env, terminal });
  expect(once.stdout.split('WORKER  POOL')).toHaveLength(2);
  const top = startCommand(['top', '--interval', '200ms'], { env: api.env, terminal });
  await until(() => top.stdout().includes('job1/0'), { what: 'the first picture' });
  api.route('GET /v1/pools', (_, response) => answerProblem(response, 503, 'NotReady', 'not yet'));
  await until(() => top.stdout().includes('API unavailable, retrying'), {
    what: 'the notice that the API is unavailable',
  });
  api.route('GET /v1/pools', (_, response) => answerProblem(response, 403, 'Forbidden', 'no more'));
  expect(await top.ended).toBe(1);
  expect(top.stderr()).toContain('no more');
});
