// Ids of jobs and deliveries by a unique beginning, in every command that takes one.
import { describe, expect, test } from 'vitest';
import { jobIdOf } from '../../../src/cli/client/ids.ts';
import type { GenwardenClient } from '../../../src/client/index.ts';
import { allCommands, runCommand } from '../../support/commandLine.ts';
import { answerJson, FakeApi } from '../../fakes/fakeApi.ts';
import { fakeJob, fakeTask } from '../../fakes/fakeJobs.ts';

const first = 'k3v9m4x2c7b6n8p0r2t5w1y3z4';
const second = 'k3v9zzx2c7b6n8p0r2t5w1y3z4';
const other = 'zzzzzzx2c7b6n8p0r2t5w1y3z4';

async function apiWithJobs(): Promise<FakeApi> {
  const api = await FakeApi.start();
  for (const id of [first, second, other]) api.put(fakeJob(id, [fakeTask(0, 'failed')]));
  return api;
}

describe('a job', () => {
  test.each([['k3v9m'], ['job/k3v9m'], [first], [`job/${first}`]])('is found by %s', async (given) => {
    await using api = await apiWithJobs();
    const { code, stdout } = await runCommand(['get', given, '-o', 'json'], { env: api.env });
    expect([code, (JSON.parse(stdout) as { id: string }).id]).toEqual([0, first]);
    // A whole id is not looked up.
    expect(api.requests.some(({ path }) => path === '/v1/jobs')).toBe(!given.endsWith(first));
  });

  test('whose beginning others have too is not guessed: the error lists the candidates', async () => {
    await using api = await apiWithJobs();
    const { code, stdout, stderr } = await runCommand(['cancel', 'k3v9'], { env: api.env });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.split('\n')).toEqual([
      'genwarden: k3v9 is the beginning of several ids:',
      `  ${first}  failed  a front yard with native plants`,
      `  ${second}  failed  a front yard with native plants`,
      '  AmbiguousId: Give more characters of the id.',
      '',
    ]);
    expect(api.requests.map(({ method }) => method)).toEqual(['GET']);
  });

  test('is not one of which only a label or the prompt matches', async () => {
    await using api = await apiWithJobs();
    const matching = { ...fakeJob(other, [fakeTask(0, 'failed')]), labels: { project: 'p42' } };
    api.route('GET /v1/jobs', ({ query }, response) => {
      expect(query.get('search')).toBe('p42');
      const items = query.has('cursor') ? [{ ...matching, id: `p42${other.slice(3)}` }] : [matching];
      answerJson(response, 200, { items, next: query.has('cursor') ? null : 'c1', complete: true, since: null });
    });
    api.put(fakeJob(`p42${other.slice(3)}`, [fakeTask(0, 'failed')]));
    const { stdout } = await runCommand(['get', 'p42', '-o', 'json'], { env: api.env });
    expect((JSON.parse(stdout) as { id: string }).id).toBe(`p42${other.slice(3)}`);
  });

  test('that does not exist is an error, which says how far back beginnings are known', async () => {
    await using api = await FakeApi.start();
    const since = '2026-01-01T00:00:00.000Z';
    api.route('GET /v1/jobs', (_, response) =>
      answerJson(response, 200, { items: [], next: null, complete: false, since }),
    );
    const { code, stderr } = await runCommand(['get', 'k3'], { env: api.env });
    expect(code).toBe(1);
    expect(stderr).toContain('There is no job k3, and none whose id begins with it');
    expect(stderr).toContain(`among those submitted since ${since}; older ones need the whole id`);
    expect((await runCommand(['get', 'no such id!'], { env: api.env })).stderr).toContain(
      'There is no job no such id!',
    );
    expect(api.requests).toHaveLength(1);
  });

  test('is taken by its beginning wherever a command takes one', () => {
    const takesJob = [...allCommands()].filter(([, command]) =>
      command.registeredArguments.some((argument) => /^jobs?$/.test(argument.name())),
    );
    expect(takesJob.length).toBeGreaterThan(7);
    const described = takesJob.map(([name, command]) => [name, command.registeredArguments[0]!.description]);
    expect(described).toEqual(takesJob.map(([name]) => [name, expect.stringContaining('unique beginning')]));
    const jobId = allCommands()
      .get('stuck')!
      .options.find(({ long }) => long === '--job-id');
    expect(jobId!.description).toMatch(/unique beginning/);
  });

  test.each([
    [['watch', 'k3v9m', 'zz'], 1],
    [['download', 'k3v9m', '--to', '/nowhere'], 1],
    [['stuck', '--job-id', 'k3v9m'], 0],
  ])('%j', async (args, expected) => {
    await using api = await apiWithJobs();
    api.route('GET /v1/stuck', ({ query }, response) => {
      expect(query.get('jobId')).toBe(first);
      answerJson(response, 200, { items: [], next: null, total: 0, pools: [] });
    });
    const { code, stdout, stderr } = await runCommand(args, { env: api.env });
    expect([code, stderr]).toEqual([expected, expect.not.stringContaining('There is no job')]);
    expect(stdout + stderr).toMatch(args[0] === 'stuck' ? /Nothing is stuck/ : new RegExp(first));
  });
});

test('a dead delivery is sent again by its beginning, if that is unique', async () => {
  await using api = await FakeApi.start();
  const delivery = (id: string): object => ({ id, event: 'job.finished', job: first });
  api.route('GET /v1/webhooks/dead', (_, response) =>
    answerJson(response, 200, { items: [delivery('msg_abc'), delivery('msg_abd')], next: null }),
  );
  api.route('POST /v1/webhooks/dead/msg_abc/resend', (_, response) => answerJson(response, 202, delivery('msg_abc')));
  const resend = (id: string) => runCommand(['webhooks', 'resend', id], { env: api.env });
  expect((await resend('msg_abc')).stdout).toContain('msg_abc: job.finished');
  const ambiguous = await resend('msg_ab');
  expect(ambiguous.code).toBe(2);
  expect(ambiguous.stderr).toContain(`  msg_abd  job.finished of job ${first}`);
});

test.each(['gj/front-yard', 'generationjob/front-yard', 'generationjobs.genwarden.dev/front-yard'])(
  '%s is the job of a GenerationJob, which only a cluster knows',
  async (given) => {
    const client = {} as GenwardenClient;
    const asked: string[] = [];
    const found = await jobIdOf(client, given, async (name) => {
      asked.push(name);
      return 'the-id';
    });
    expect([found, asked]).toEqual(['the-id', ['front-yard']]);
    await expect(jobIdOf(client, given)).rejects.toThrow('only `kubectl genwarden` can read it');
  },
);
