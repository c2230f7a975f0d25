// The trace of a job, as `get` and `explain` show it.

import { expect, test } from 'vitest';
import { runCommand } from '../../support/commandLine.ts';
import { answerJson, FakeApi } from '../../fakes/fakeApi.ts';
import { fakeJob, fakeTask } from '../../fakes/fakeJobs.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceUrl = `https://traces.example/${traceId}`;
const job = fakeJob('job1', [fakeTask(0, 'succeeded')]);

test.each([
  ['its id', { traceId }, `trace ${traceId}`],
  ['its address, if the API knows it', { traceId, traceUrl }, `trace ${traceUrl}`],
])('get shows %s', async (_name, trace, line) => {
  await using api = await FakeApi.start();
  api.put({ ...job, ...trace });
  const { stdout } = await runCommand(['get', 'job1'], { env: api.env });
  expect(stdout.trimEnd().split('\n').slice(-2)).toEqual(['', line]);
});

test('an API of an earlier version tells no trace', async () => {
  await using api = await FakeApi.start();
  const earlier = { ...job, traceId: undefined };
  api.route('GET /v1/jobs/job1', (_request, response) => answerJson(response, 200, earlier));
  const { stdout } = await runCommand(['get', 'job1'], { env: api.env });
  expect(stdout).not.toContain('trace');
});

test('explain shows it in its last line', async () => {
  await using api = await FakeApi.start();
  const pool = { name: 'default', workers: 1, draining: 0, slots: { free: 1, total: 4 }, lanes: {}, keys: null };
  const known = { ...pool, paused: false, pausedUntil: null, lastClaimAt: null };
  const explained = {
    id: 'job1',
    state: 'succeeded',
    summary: 'It succeeded',
    tasks: [],
    pool: known,
    traceId,
    traceUrl,
  };
  api.route('GET /v1/jobs/job1/explain', (_request, response) => answerJson(response, 200, explained));
  const { stdout } = await runCommand(['explain', 'job1'], { env: api.env });
  expect(stdout.trimEnd().split('\n').at(-1)).toBe(`trace ${traceUrl}`);
});
