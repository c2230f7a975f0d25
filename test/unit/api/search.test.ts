// What lists show of the prompts and pictures of jobs, and how they are searched.
import { expect, test } from 'vitest';
import { jobListSchema } from '../../../src/api/view/schemas.ts';
import type { Running, TaskState } from '../../../src/job/task.ts';
import { failed, succeeded, toReview } from '../../../src/job/transitions.ts';
import { apiWorld, type ApiWorld } from '../../fakes/apiWorld.ts';
import { EventStreamReader } from '../../support/eventStreamReader.ts';

const thumbnail = (job: string, task: number, run = 1) => ({
  task,
  href: `/v1/jobs/${job}/tasks/${task}/artifacts/thumbnail?run=${run}`,
});

type Next = (state: Running, now: number) => TaskState;

async function finishAll(world: ApiWorld, job: string, tasks: readonly number[], next: Next = succeeded) {
  for (const task of tasks) {
    await world.claim(job, task);
    await world.finish(job, task, next);
  }
}

test('a job shows how its first prompt begins, in every answer', async () => {
  await using world = await apiWorld();
  const submitted = await world.post('/v1/jobs', {
    kind: 'image',
    input: { prompt: 'for all' },
    tasks: [{ input: { prompt: `  Ein Garten für\nÄrzte 🌿 ${'und so weiter '.repeat(20)}` } }, {}],
  });
  const prompt = `Ein Garten für Ärzte 🌿 ${'und so weiter '.repeat(6)}und so…`;
  const { id } = submitted.json;
  expect(submitted.json.prompt).toBe(prompt);
  expect((await world.get(`/v1/jobs/${id}`)).json.prompt).toBe(prompt);
  const list = (await world.get('/v1/jobs')).json;
  expect(() => jobListSchema.strict().parse(list)).not.toThrow();
  expect(list.items).toMatchObject([{ id, prompt, thumbnails: [] }]);
});

test('only the first task carries it, so that an index stays small', async () => {
  await using world = await apiWorld();
  const id = await world.submit({ tasks: [{}, {}] });
  expect(world.follower.index.job(id)!.tasks.map((task) => task!.state.of.promptStart)).toEqual(['a yard', undefined]);
});

test('a job of an earlier version, and one with a blank prompt, have none', async () => {
  await using world = await apiWorld();
  const id = await world.submit({ input: { prompt: ' \u200b\n' } });
  expect((await world.get(`/v1/jobs/${id}`)).json.prompt).toBeNull();
});

test('thumbnails are those of the first five images with a result', async () => {
  await using world = await apiWorld();
  const job = await world.submit({ tasks: Array.from({ length: 9 }, () => ({})) });
  await finishAll(world, job, [1, 8]);
  await finishAll(world, job, [4], (state, now) => toReview(state, now));
  await finishAll(world, job, [0], (state, now) => failed(state, 'ProviderError', now));
  const shown = async () => (await world.get('/v1/jobs')).json.items[0].thumbnails;
  expect(await shown()).toEqual([thumbnail(job, 1), thumbnail(job, 4), thumbnail(job, 8)]);
  await finishAll(world, job, [2, 3, 5, 6]);
  expect(await shown()).toEqual([1, 2, 3, 4, 5].map((task) => thumbnail(job, task)));
});

test('a text has no thumbnail, also beside images', async () => {
  await using world = await apiWorld();
  const job = await world.submit({ tasks: [{ name: 'text', kind: 'text' }, { name: 'image' }] });
  await finishAll(world, job, [0, 1]);
  expect((await world.get(`/v1/jobs/${job}`)).json.thumbnails).toEqual([thumbnail(job, 1)]);
});

test('the events of all jobs tell both', async () => {
  await using world = await apiWorld();
  const url = await world.api.listen({ port: 0, host: '127.0.0.1' });
  const listener = await EventStreamReader.open(`${url}/v1/events`);
  await listener.until((all) => all.length === 1, 'the snapshot');
  const job = await world.submit();
  await finishAll(world, job, [0]);
  const all = await listener.until((events) => events.at(-1)?.data.state === 'succeeded', 'the end');
  expect(all.findLast(({ event }) => event === 'job')?.data).toMatchObject({
    prompt: 'a yard',
    thumbnails: [thumbnail(job, 0)],
  });
  const open = await world.submit();
  const late = await EventStreamReader.open(`${url}/v1/events`);
  const [snapshot] = await late.until((events) => events.length > 0, 'a snapshot');
  expect(snapshot!.data.items).toMatchObject([{ id: open, prompt: 'a yard', thumbnails: [] }]);
});

test('search finds jobs by id, label, pool and prompt, with other filters and page by page', async () => {
  await using world = await apiWorld();
  const ids: string[] = [];
  for (const [prompt, pool, labels] of [
    ['A front yard', 'default', { project: 'p42' }],
    ['a back yard', 'drawings', { project: 'p43' }],
    ['<b>Straße</b> & 50% off', 'default', { project: 'p43' }],
  ] as const) {
    ids.push(await world.submit({ input: { prompt }, pool, labels }));
    world.clock.skip(1);
  }
  const [front, back, street] = ids;
  const found = async (query: string): Promise<string[]> =>
    (await world.get(`/v1/jobs?${query}`)).json.items.map(({ id }: { id: string }) => id);
  const searched = (text: string, more = '') => found(`search=${encodeURIComponent(text)}${more}`);
  expect(await searched('YARD')).toEqual([back, front]);
  expect(await searched(' front   yard ')).toEqual([front]);
  expect(await searched('drawings yard')).toEqual([back]);
  expect(await searched('project=p43')).toEqual([street, back]);
  expect(await searched('p43', '&pool=drawings')).toEqual([back]);
  expect(await searched('yard', '&state=running')).toEqual([]);
  expect(await searched('50%')).toEqual([street]);
  expect(await searched('<b>straße')).toEqual([street]);
  expect(await searched(front!.slice(0, 8))).toEqual([front]);
  const page = (await world.get('/v1/jobs?search=yard&limit=1')).json;
  expect(await found(`search=yard&limit=1&cursor=${page.next}`)).toEqual([front]);
});

test.each([
  ['', 'is empty'],
  ['%20%09', 'is empty'],
  ['x'.repeat(201), 'is longer than 200 characters'],
])('the search %j is refused', async (text, message) => {
  await using world = await apiWorld();
  expect(await world.get(`/v1/jobs?search=${text}`)).toMatchObject({
    status: 422,
    json: { code: 'InvalidRequest', errors: [{ path: 'query.search', message }] },
  });
});

test('two searches are refused: a job must match one text', async () => {
  await using world = await apiWorld();
  expect((await world.get('/v1/jobs?search=a&search=b')).status).toBe(422);
});

test("no tenant finds another's jobs", async () => {
  await using world = await apiWorld();
  await world.submit({ input: { prompt: 'a secret garden' } });
  const other = { 'genwarden-namespace': 'other' };
  expect((await world.get('/v1/jobs?search=secret', other)).json.items).toEqual([]);
});
