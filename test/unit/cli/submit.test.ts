// `genwarden submit`: the request for each flag, usage errors before the request, and waiting for the job.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCommand, startCommand } from '../../support/commandLine.ts';
import { answerJson, answerProblem, digestOf, FakeApi } from '../../fakes/fakeApi.ts';
import { fakeJob, fakeTask, type FakeJob } from '../../fakes/fakeJobs.ts';
import { tempFolder } from '../../support/tempFolder.ts';

const png = Buffer.from('\x89PNG\r\n\x1a\nand the rest', 'latin1');
const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]);

/** Accepts any submit as this job. */
function accept(api: FakeApi, job: FakeJob, warnings: unknown[] = []): void {
  api.put(job);
  api.route('POST /v1/jobs', (_, response) => answerJson(response, 202, { ...job, warnings }));
}

const bodyOf = (api: FakeApi): unknown =>
  JSON.parse(api.requests.find(({ method, path }) => method === 'POST' && path === '/v1/jobs')!.body.toString());

test('a prompt is enough; the id and the next command are printed', async () => {
  await using api = await FakeApi.start();
  accept(api, fakeJob('job1', [fakeTask(0, 'queued')]), [{ code: 'QueueLongerThanTimeout', message: 'It is long' }]);
  const { code, stdout, stderr } = await runCommand(['submit', '--prompt', 'a yard'], { env: api.env });
  expect(code).toBe(0);
  expect(bodyOf(api)).toEqual({ kind: 'image', input: { prompt: 'a yard' } });
  expect(stdout).toBe(
    'Submitted job job1 (1 task, pool default)\n' + //
      'Next: genwarden watch job1\n',
  );
  expect(stderr).toBe('warning: It is long (QueueLongerThanTimeout)\n');
  expect(api.requests[0]!.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/);
});

test('every flag has its place in the body; references are uploaded first', async () => {
  await using api = await FakeApi.start();
  await using folder = await tempFolder();
  accept(api, fakeJob('job1', [fakeTask(0, 'queued')]));
  const [first, second, schema] = ['a.png', 'b.jpg', 's.json'].map((name) => join(folder.path, name)) as [
    string,
    string,
    string,
  ];
  await writeFile(first, png);
  await writeFile(second, jpeg);
  await writeFile(schema, '{"type": "object"}');
  const flags = `--kind text --pool p --model m --priority high --aspect-ratio 16:9 --image-size 1K --seed -7
    --attempt-timeout 90s --run-timeout 5m --queue-timeout 1h30m --review-timeout 1d --deadline 2h --max-attempts 2
    --review always --label a=1 --label b=c=d --task one=first=prompt --task two= --concurrency-key k --group p42
    --idempotency-key my-key --system be-brief --prompt all`.split(/\s+/);
  const files = ['--reference', first, second, '--schema', schema, '--metadata', '{"brandId": "b1"}'];
  const { code, stderr } = await runCommand(['submit', ...flags, ...files], { env: api.env });
  expect([code, stderr]).toEqual([0, '']);
  expect(bodyOf(api)).toEqual({
    kind: 'text',
    pool: 'p',
    model: 'm',
    priority: 'high',
    input: {
      prompt: 'all',
      system: 'be-brief',
      aspectRatio: '16:9',
      imageSize: '1K',
      seed: -7,
      schema: { type: 'object' },
      references: [{ artifact: digestOf(png) }, { artifact: digestOf(jpeg) }],
    },
    policy: {
      attemptTimeout: '90s',
      runTimeout: '5m',
      queueTimeout: '1h30m',
      reviewTimeout: '1d',
      deadline: '2h',
      maxAttempts: 2,
      review: 'always',
    },
    labels: { a: '1', b: 'c=d' },
    metadata: { brandId: 'b1' },
    concurrencyKey: 'k',
    group: 'p42',
    tasks: [
      { name: 'one', input: { prompt: 'first=prompt' } },
      { name: 'two', input: { prompt: '' } },
    ],
  });
  const sent = api.requests.map(({ path, headers }) => [path, headers['content-type']]);
  expect(sent).toEqual([
    ['/v1/artifacts', 'image/png'],
    ['/v1/artifacts', 'image/jpeg'],
    ['/v1/jobs', 'application/json'],
  ]);
  expect(api.requests[2]!.headers['idempotency-key']).toBe('my-key');
});

test('a file or standard input is the body, and flags override it', async () => {
  await using api = await FakeApi.start();
  accept(api, fakeJob('job1', [fakeTask(0, 'queued')]));
  const body = { kind: 'text', input: { prompt: 'p', seed: 1 }, policy: { maxAttempts: 1 }, labels: { a: '1' } };
  const stdin = JSON.stringify({ ...body, tasks: [{ name: 't' }] });
  const args = ['submit', '-f', '-', '--seed', '2', '--label', 'b=2', '-o', 'json'];
  const { code, stdout } = await runCommand(args, { env: api.env, stdin });
  expect(code).toBe(0);
  expect(bodyOf(api)).toEqual({
    kind: 'text',
    input: { prompt: 'p', seed: 2 },
    policy: { maxAttempts: 1 },
    labels: { a: '1', b: '2' },
    tasks: [{ name: 't' }],
  });
  expect(JSON.parse(stdout)).toEqual({ ...fakeJob('job1', [fakeTask(0, 'queued')]), warnings: [] });
});

test('a file that an editor of Windows wrote is read, or refused with what to do', async () => {
  await using api = await FakeApi.start();
  await using folder = await tempFolder();
  accept(api, fakeJob('job1', [fakeTask(0, 'queued')]));
  const file = join(folder.path, 'job.json');
  const text = '\ufeff{"input": {"prompt": "Gärten"}}';
  await writeFile(file, text);
  expect((await runCommand(['submit', '-f', file], { env: api.env })).code).toBe(0);
  expect(api.requests.map(({ body }) => JSON.parse(body.toString()).input.prompt)).toEqual(['Gärten']);
  await writeFile(file, Buffer.from(text, 'utf16le'));
  const { code, stderr } = await runCommand(['submit', '-f', file], { env: api.env });
  expect([code, stderr]).toEqual([
    2,
    expect.stringContaining(`${file} is not UTF-8: byte 0xff at offset 0 (it is UTF-16; save it as UTF-8)`),
  ]);
});

describe('usage errors are reported before any request, with exit code 2', () => {
  test.each([
    ['no prompt', [], /pass --prompt/],
    ['an invalid duration', ['--prompt', 'p', '--attempt-timeout', '5 minutes'], /Expected a duration/],
    ['an invalid seed', ['--prompt', 'p', '--seed', '1.5'], /Expected a whole number/],
    ['no attempts', ['--prompt', 'p', '--max-attempts', '0'], /1 or more/],
    ['a label that is none', ['--prompt', 'p', '--label', 'a'], /name=value/],
    ['metadata that is not JSON', ['--prompt', 'p', '--metadata', '{a}'], /Not valid JSON/],
    ['a kind that is none', ['--prompt', 'p', '--kind', 'video'], /image, text/],
    ['a body that is not JSON', ['-f', '-'], /standard input is not JSON/],
    ['a file that is not there', ['-f', '/nowhere/job.json'], /cannot be read/],
    [
      'a reference that is no image',
      ['--prompt', 'p', '--reference', 'package.json'],
      /is JSON, not a PNG, JPEG or WebP/,
    ],
    ['an unknown flag', ['--promt', 'p'], /unknown option/],
  ])('%s', async (_, args, message) => {
    await using api = await FakeApi.start();
    const { code, stdout, stderr } = await runCommand(['submit', ...args], { env: api.env });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(api.requests).toEqual([]);
  });
});

test('no reference is uploaded for an incomplete submit', async () => {
  await using api = await FakeApi.start();
  await using folder = await tempFolder();
  await writeFile(join(folder.path, 'a.png'), png);
  const { code } = await runCommand(['submit', '--reference', join(folder.path, 'a.png')], { env: api.env });
  expect([code, api.requests]).toEqual([2, []]);
});

test('a refused reference is named by its file', async () => {
  await using api = await FakeApi.start();
  await using folder = await tempFolder();
  const path = join(folder.path, 'a.png');
  await writeFile(path, png);
  api.route('POST /v1/artifacts', (_, response) => answerProblem(response, 422, 'InvalidImage', 'The body is cut off'));
  const { code, stderr } = await runCommand(['submit', '--prompt', 'p', '--reference', path], { env: api.env });
  expect([code, stderr]).toEqual([1, expect.stringContaining(`${path}: The body is cut off`)]);
});

test('an error of the API is printed with code, hint and each problem, and exits with 1', async () => {
  await using api = await FakeApi.start();
  api.route('POST /v1/jobs', (_, response) =>
    answerProblem(response, 422, 'InvalidRequest', 'input.prompt: is empty (and 2 more)', {
      errors: [
        { path: 'input.prompt', message: 'is empty' },
        { path: 'input.seed', message: 'is too large' },
        { path: 'labels.a', message: 'is\u001b[31m odd' },
      ],
    }),
  );
  const { code, stdout, stderr } = await runCommand(['submit', '--prompt', 'p'], { env: api.env });
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toBe(
    'genwarden: input.prompt: is empty (and 2 more)\n  input.seed: is too large\n  labels.a: is�[31m odd\n' +
      '  InvalidRequest: What to do about InvalidRequest.\n',
  );
});

test('a lost answer is requested again with the same key', async () => {
  await using api = await FakeApi.start();
  const job = fakeJob('job1', [fakeTask(0, 'queued')]);
  let asked = 0;
  api.route('POST /v1/jobs', (_, response) => {
    asked += 1;
    if (asked === 1) response.destroy();
    else answerJson(response, 200, { ...job, warnings: [] });
  });
  const { code, stderr } = await runCommand(['submit', '--prompt', 'p'], { env: api.env });
  expect(code).toBe(0);
  expect(stderr).toContain('retrying');
  const keys = api.requests.map(({ headers }) => headers['idempotency-key']);
  expect(keys).toHaveLength(2);
  expect(new Set(keys).size).toBe(1);
});

test('--wait exits with 0 when the job succeeded, and prints the finished job', async () => {
  await using api = await FakeApi.start();
  accept(api, fakeJob('job1', [fakeTask(0, 'queued')]));
  const running = startCommand(['submit', '--prompt', 'p', '--wait', '-o', 'json'], { env: api.env });
  await api.held();
  api.put(fakeJob('job1', [fakeTask(0, 'succeeded')]));
  expect(await running.ended).toBe(0);
  expect(JSON.parse(running.stdout())).toEqual(fakeJob('job1', [fakeTask(0, 'succeeded')]));
});

test.each(['failed', 'cancelled'] as const)('--wait exits with 1 when the job %s', async (state) => {
  await using api = await FakeApi.start();
  accept(api, fakeJob('job1', [fakeTask(0, state)]));
  const { code, stdout } = await runCommand(['submit', '--prompt', 'p', '--wait'], { env: api.env });
  expect(code).toBe(1);
  expect(stdout).toContain(state);
});

test('--watch --download follows the job and saves its artifacts', async () => {
  await using api = await FakeApi.start();
  await using folder = await tempFolder();
  const artifact = { name: 'image', mediaType: 'image/png', bytes: png.length, digest: digestOf(png), href: '' };
  api.putBytes('/v1/jobs/job1/tasks/0/artifacts/image', png);
  accept(api, fakeJob('job1', [fakeTask(0, 'succeeded', { artifacts: [artifact] })]));
  const args = ['submit', '--prompt', 'p', '--watch', '--download', folder.path];
  const { code, stdout, stderr } = await runCommand(args, { env: api.env });
  expect(code).toBe(0);
  expect(stdout).toBe(
    '00:10:00Z  job1  task 0  succeeded (attempt 1)  Succeeded: It is succeeded.\n' +
      '00:10:00Z  job1  succeeded: 1 of 1 task succeeded\n',
  );
  expect(stderr).toBe(`Saved ${join(folder.path, 'image.png')} (20 B)\n`);
  expect(await readFile(join(folder.path, 'image.png'))).toEqual(png);
});
