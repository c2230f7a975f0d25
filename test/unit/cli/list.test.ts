// `genwarden list`, against an API in the same process.
import { describe, expect, test } from 'vitest';
import { runCommand } from '../../support/commandLine.ts';
import { answerJson, FakeApi } from '../../fakes/fakeApi.ts';
import { fakeJob, fakeTask } from '../../fakes/fakeJobs.ts';

describe('list', () => {
  const page = (ids: string[], next: string | null) => ({
    items: ids.map((id) => ({ ...fakeJob(id, [fakeTask(0, 'succeeded')]), tasks: undefined })),
    next,
    complete: next !== null,
    since: '2025-12-31T00:00:00.000Z',
  });

  test('sends its filters, and reports that there are more jobs', async () => {
    await using api = await FakeApi.start();
    api.route('GET /v1/jobs', (_, response) => answerJson(response, 200, page(['b', 'a'], 'c1')));
    const filters = ['--state', 'open', 'failed', '--pool', 'p', '--kind', 'text', '--label', 'a=1', '--label', 'b=2'];
    const search = ['--search', 'front yard'];
    const { code, stdout, stderr } = await runCommand(['list', ...filters, ...search, '--limit', '2'], {
      env: api.env,
    });
    expect(code).toBe(0);
    const { query } = api.requests[0]!;
    expect(query.toString()).toBe(
      'state=open&state=failed&pool=p&kind=text&label=a%3D1&label=b%3D2&search=front+yard&limit=2',
    );
    expect(stdout.split('\n').map((line) => line.split(' ')[0])).toEqual(['JOB', 'b', 'a', '']);
    expect(stderr).toContain('There are more');
  });

  test('--all follows the cursors and prints one JSON list', async () => {
    await using api = await FakeApi.start();
    api.route('GET /v1/jobs', ({ query }, response) =>
      answerJson(response, 200, query.get('cursor') === 'c1' ? page(['a'], null) : page(['c', 'b'], 'c1')),
    );
    const { stdout, stderr } = await runCommand(['list', '--all', '-o', 'json'], { env: api.env });
    const list = JSON.parse(stdout) as ReturnType<typeof page>;
    expect(list.items.map(({ id }) => id)).toEqual(['c', 'b', 'a']);
    expect([list.next, list.complete, stderr]).toEqual([null, false, '']);
  });

  test('shows how the prompts begin; an API of an earlier version tells none', async () => {
    await using api = await FakeApi.start();
    let items: object[] = page(['b', 'a'], null).items;
    items = [
      { ...items[0], prompt: null },
      { ...items[1], prompt: 'a \u001byard' },
    ];
    api.route('GET /v1/jobs', (_, response) => answerJson(response, 200, { ...page([], null), items }));
    const list = async (): Promise<string[]> => (await runCommand(['list'], { env: api.env })).stdout.split('\n');
    expect((await list()).map((line) => line.split(/ {2,}/).at(-1))).toEqual(['PROMPT', '-', 'a \ufffdyard', '']);
    items = items.map((item) => ({ ...item, prompt: undefined }));
    expect((await list()).map((line) => line.split(/ {2,}/).at(-1))).toEqual(['PROMPT', '-', '-', '']);
  });

  test('an empty list of an unknown pool names the known ones', async () => {
    await using api = await FakeApi.start();
    api.route('GET /v1/jobs', (_, response) => answerJson(response, 200, page([], null)));
    const items = [{ name: 'default' }, { name: 'photos' }];
    api.route('GET /v1/pools', (_, response) => answerJson(response, 200, { items, next: null }));
    const list = async (pool: string) => runCommand(['list', '--pool', pool], { env: api.env });
    const typed = await list('fotos');
    expect(typed.code).toBe(0);
    expect(typed.stderr).toContain('There is no pool fotos; available: default, photos.');
    expect((await list('photos')).stderr).not.toContain('no pool');
    api.route('GET /v1/pools', (_, response) => answerJson(response, 403, { code: 'Forbidden', detail: 'No' }));
    expect((await list('fotos')).stderr).not.toMatch(/no pool|Forbidden/);
  });

  test('reports how far back the list is complete', async () => {
    await using api = await FakeApi.start();
    api.route('GET /v1/jobs', (_, response) => answerJson(response, 200, page(['a'], null)));
    const { stderr } = await runCommand(['list'], { env: api.env });
    expect(stderr).toContain('2025-12-31');
  });
});
