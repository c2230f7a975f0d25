// `-o name` and `-o jsonpath=…`, as scripts use them.

import { describe, expect, test } from 'vitest';
import { jsonPathText, parseJsonPath } from '../../../src/cli/output/jsonPath.ts';
import { FakeApi, answerJson } from '../../fakes/fakeApi.ts';
import { fakeJob, fakeTask } from '../../fakes/fakeJobs.ts';
import { runCommand } from '../../support/commandLine.ts';

const data = {
  id: 'job1',
  labels: { 'a.b/c': 'x' },
  usage: null,
  list: [1, 2, 3],
  tasks: [
    { name: 'yard', state: 'failed', run: 1, done: false },
    { name: 'walk {1}', state: 'succeeded', run: 2, done: true },
  ],
};

test.each([
  ['{.id}', 'job1'],
  ['.id', 'job1'],
  ['id', 'job1'],
  ['{$.id}', 'job1'],
  ['Job {.id}!', 'Job job1!'],
  ['{.tasks[*].name}', 'yard walk {1}'],
  ['{.tasks[0].name}', 'yard'],
  ['{.tasks[-1].run}', '2'],
  ['{.tasks[9].name}', ''],
  ["{.labels['a.b/c']}", 'x'],
  ['{.list}', '[1,2,3]'],
  ['{.usage}{.absent.too}', ''],
  ['{.tasks[?(@.state=="failed")].name}', 'yard'],
  ["{.tasks[?(@.state!='failed')].name}", 'walk {1}'],
  ['{.tasks[?(@.run==2)].name}', 'walk {1}'],
  ['{.tasks[?(@.done==true)].name}', 'walk {1}'],
  ['{range .tasks[*]}{.name}{"\\t"}{.run}{"\\n"}{end}', 'yard\t1\nwalk {1}\t2\n'],
  ['{range .tasks[*]}{.name}{"{}"}{end}', 'yard{}walk {1}{}'],
])('%s gives %j', (template, text) => {
  expect(jsonPathText(parseJsonPath(template), data)).toBe(text);
});

test.each([
  '{.a',
  '.a}{',
  '{..a}',
  '{.a[1:2]}',
  '{end}',
  '{range .tasks[*]}',
  '{.a[?(@.b>1)]}',
  '{"a}',
  '{.a[?(@.b==c)]}',
])('%s is refused', (template) => expect(() => parseJsonPath(template)).toThrow(/Not a JSONPath template/));

describe('the commands', () => {
  const job = fakeJob('job1', [fakeTask(0, 'succeeded', { name: 'yard\u001b[2J' })]);

  test('get and list print names and fields', async () => {
    await using api = await FakeApi.start();
    api.put(job);
    const list = { items: [job, fakeJob('job2', [fakeTask(0, 'failed')])], next: null, complete: true, since: null };
    api.route('GET /v1/jobs', (_, response) => answerJson(response, 200, list));
    const printed = async (...args: string[]): Promise<string> => (await runCommand(args, { env: api.env })).stdout;
    expect(await printed('get', 'job1', '-o', 'name')).toBe('job/job1\n');
    expect(await printed('list', '-o', 'name')).toBe('job/job1\njob/job2\n');
    expect(await printed('get', 'job1', '-o', 'jsonpath={.state}')).toBe('succeeded\n');
    const each = 'jsonpath={range .items[*]}{.id} {.state}{"\\n"}{end}';
    expect(await printed('list', '-o', each)).toBe('job1 succeeded\njob2 failed\n');
  });

  test('a pipe gets the data as they are, a terminal no control characters', async () => {
    await using api = await FakeApi.start();
    api.put(job);
    const args = ['get', 'job1', '-o', 'jsonpath={.tasks[0].name}{"\\n"}'];
    expect((await runCommand(args, { env: api.env })).stdout).toBe('yard\u001b[2J\n');
    const terminal = { columns: 80, rows: 24 };
    expect((await runCommand(args, { env: api.env, terminal })).stdout).toBe('yard�[2J\n');
  });

  test('a bad template and a bad format are usage errors, before any request', async () => {
    await using api = await FakeApi.start();
    expect((await runCommand(['get', 'job1', '-o', 'jsonpath={..id}'], { env: api.env })).code).toBe(2);
    const { code, stderr } = await runCommand(['get', 'job1', '-o', 'xml'], { env: api.env });
    expect([code, api.requests]).toEqual([2, []]);
    expect(stderr).toContain('table, wide, json, yaml, name, jsonpath=TEMPLATE');
  });
});
