// The input of a task as its model gets it, and the bytes of its references.
import { createHash } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createToken } from '../../../src/api/auth/createToken.ts';
import { tokenStore } from '../../../src/api/auth/tokenStore.ts';
import { modelInputSchema } from '../../../src/api/view/inputSchemas.ts';
import type { JsonValue } from '../../../src/job/task.ts';
import { succeeded, toReview } from '../../../src/job/transitions.ts';
import { apiWorld, type ApiWorld } from '../../fakes/apiWorld.ts';
import { start } from '../../fakes/tasks.ts';
import { photo } from '../../support/pictures.ts';

const digest = `sha256:${createHash('sha256').update(photo).digest('hex')}`;
const inline = { mediaType: 'image/jpeg', data: photo.toString('base64') };

async function inputOf(world: ApiWorld, job: string, task: string | number = 0) {
  const { status, json } = await world.get(`/v1/jobs/${job}/tasks/${task}/input`);
  expect(status).toBe(200);
  expect(() => modelInputSchema.strict().parse(json)).not.toThrow();
  return json;
}

async function submit(world: ApiWorld, body: object): Promise<string> {
  const { status, json } = await world.post('/v1/jobs', body);
  expect([status, json.detail]).toEqual([202, undefined]);
  return json.id as string;
}

const pathOf = (job: string, task: number, place: number): string =>
  `/v1/jobs/${job}/tasks/${task}/references/${place}`;

describe('GET …/input', () => {
  test('has everything that the task was submitted with', async () => {
    await using world = await apiWorld();
    const prompt = '<b>a yard</b> \u202e 🌿\n{{x}}';
    const job = await submit(world, {
      kind: 'image',
      input: { prompt, aspectRatio: '4:3', imageSize: '1K', references: [{ ...inline, caption: 'the house' }] },
      tasks: [{ name: 'front', metadata: { areaId: 7 } }],
    });
    expect(await inputOf(world, job, 'front')).toEqual({
      job,
      task: 0,
      name: 'front',
      run: 1,
      kind: 'image',
      model: 'gemini-3.1-flash-image',
      prompt,
      system: null,
      schema: null,
      aspectRatio: '4:3',
      imageSize: '1K',
      seed: null,
      providerOptions: null,
      references: [
        {
          index: 0,
          artifact: digest,
          mediaType: 'image/jpeg',
          bytes: photo.length,
          caption: 'the house',
          result: null,
          href: pathOf(job, 0, 0),
        },
      ],
      after: [],
      unresolved: [],
      tweak: null,
      metadata: { areaId: 7 },
    });
  });

  test('a long schema comes whole, and so does a system instruction', async () => {
    await using world = await apiWorld();
    const description = 'x'.repeat(60_000);
    const schema = { type: 'object', properties: { title: { type: 'string', description } } };
    const job = await submit(world, { kind: 'text', input: { prompt: 'a plan', system: 'Be brief.', schema } });
    expect(await inputOf(world, job)).toMatchObject({ system: 'Be brief.', schema });
  });

  test('a tweak is in the prompt, and the earlier image among the references', async () => {
    await using world = await apiWorld();
    const job = await submit(world, { kind: 'image', input: { prompt: 'a yard' }, policy: { review: 'always' } });
    await world.claim(job);
    await world.artifacts.put('default', photo, 'image/jpeg');
    const image = { name: 'image', mediaType: 'image/jpeg', bytes: photo.length, digest };
    await world.finish(job, 0, toReview, { artifacts: [image] });
    await world.post(`/v1/jobs/${job}/tasks/0/review`, { run: 1, decision: 'tweak', instruction: 'more {{red}}' });
    expect(await inputOf(world, job)).toMatchObject({
      run: 2,
      prompt: expect.stringMatching(/^a yard\n\n.*more \{\{red\}\}$/s),
      references: [{ index: 0, artifact: digest, caption: 'the earlier result', href: pathOf(job, 0, 0) }],
      tweak: { prompt: 'a yard', instructions: ['more {{red}}'] },
    });
    expect((await world.get(pathOf(job, 0, 0))).bytes.equals(photo)).toBe(true);
  });

  test('another tenant, an unknown job or task, and a signed link get nothing', async () => {
    const created = createToken(
      { name: 'app', tenant: 'acme', scopes: ['jobs:read', 'jobs:write'], createdAt: start },
      (bytes) => new Uint8Array(bytes),
    );
    const other = createToken({ name: 'other', tenant: 'other', scopes: ['jobs:read'], createdAt: start }, (bytes) =>
      new Uint8Array(bytes).fill(7),
    );
    await using world = await apiWorld({ auth: tokenStore([created.entry, other.entry]) });
    const bearing = ({ token }: { token: string }) => ({ authorization: `Bearer ${token}` });
    const body = { kind: 'image', input: { prompt: 'a yard', references: [inline] } };
    const { id } = (await world.post('/v1/jobs', body, bearing(created))).json;
    const links = (await world.post(`/v1/jobs/${id}/links`, {}, bearing(created))).json;
    const link = new URL(links.job).searchParams.get('link')!;
    for (const path of [`/v1/jobs/${id}/tasks/0/input`, pathOf(id, 0, 0)]) {
      expect((await world.get(path, bearing(created))).status).toBe(200);
      expect(await world.get(path, bearing(other))).toMatchObject({ status: 404, json: { code: 'JobNotFound' } });
      const byLink = await world.get(`${path}?link=${link}`);
      expect(byLink.status).toBe(401);
      const noTask = path.replace('/tasks/0/', '/tasks/9/');
      expect((await world.get(noTask, bearing(created))).json.code).toBe('TaskNotFound');
    }
  });
});

const chain = (input: object) => ({
  kind: 'image',
  tasks: [
    { name: 'story', kind: 'text', input: { prompt: 'a story', schema: {} } },
    { name: 'fox', input: { prompt: 'a fox' } },
    { name: 'page', after: ['story', 'fox'], input },
  ],
});

async function finishStory(world: ApiWorld, job: string, output: JsonValue): Promise<void> {
  await world.claim(job, 0);
  await world.finish(job, 0, succeeded, { output });
}

describe('in a chain', () => {
  const prompt = 'Draw {{tasks.story.output.beats[0]}} and {{ tasks.story.output.beats[9] }}, {{other}}';

  test('templates stay until the other task has succeeded, and those without a value for good', async () => {
    await using world = await apiWorld();
    const job = await submit(world, chain({ prompt }));
    const [first, second] = ['tasks.story.output.beats[0]', 'tasks.story.output.beats[9]'];
    expect(await inputOf(world, job, 'page')).toMatchObject({
      prompt,
      after: ['story', 'fox'],
      unresolved: [first, second],
    });
    await finishStory(world, job, { beats: ['a {{tasks.story.output}}'] });
    expect(await inputOf(world, job, 'page')).toMatchObject({
      prompt: 'Draw a {{tasks.story.output}} and {{ tasks.story.output.beats[9] }}, {{other}}',
      unresolved: [second],
    });
  });

  test('a result in the artifact store is read, unless it is large', async () => {
    await using world = await apiWorld();
    const job = await submit(world, chain({ prompt: 'Draw {{tasks.story.output.title}}' }));
    const output = Buffer.from(JSON.stringify({ title: 'a fox', more: 'x'.repeat(300_000) }));
    const stored = await world.artifacts.put('default', output, 'application/json');
    await world.claim(job, 0);
    await world.finish(job, 0, succeeded, { artifacts: [{ name: 'output', ...stored }] });
    expect(await inputOf(world, job, 2)).toMatchObject({ prompt: 'Draw a fox', unresolved: [] });
    const large = await submit(world, chain({ prompt: 'Draw {{tasks.story.output.title}}' }));
    await world.claim(large, 0);
    await world.finish(large, 0, succeeded, { artifacts: [{ name: 'output', ...stored, bytes: 1_048_577 }] });
    expect((await inputOf(world, large, 2)).unresolved).toEqual(['tasks.story.output.title']);
  });

  test('parts that are too long for a prompt stay templates', async () => {
    await using world = await apiWorld();
    const job = await submit(world, chain({ prompt: '{{tasks.story.output.a}} {{tasks.story.output.b}}' }));
    await finishStory(world, job, { a: 'x'.repeat(32 * 1024), b: 'x'.repeat(32 * 1024 + 1) });
    expect((await inputOf(world, job, 2)).unresolved).toEqual(['tasks.story.output.b']);
  });

  test('a reference that is a result is served once it is known', async () => {
    await using world = await apiWorld();
    const references = [{ artifact: { task: 'fox', name: 'image' }, caption: 'the fox' }];
    const job = await submit(world, chain({ prompt: 'p', references }));
    const result = { task: 'fox', name: 'image' };
    const unknown = { index: 0, artifact: null, mediaType: null, bytes: null, caption: 'the fox', result, href: null };
    expect((await inputOf(world, job, 2)).references).toEqual([unknown]);
    expect(await world.get(pathOf(job, 2, 0))).toMatchObject({
      status: 404,
      json: {
        code: 'ArtifactNotFound',
        detail: 'Reference 0 of task 2 is artifact image of task fox, which does not have it yet',
      },
    });
    await world.artifacts.put('default', photo, 'image/jpeg');
    await world.claim(job, 1);
    const image = { name: 'image', mediaType: 'image/jpeg', bytes: photo.length, digest, width: 8 };
    await world.finish(job, 1, succeeded, { artifacts: [image] });
    const known = {
      ...unknown,
      artifact: digest,
      mediaType: 'image/jpeg',
      bytes: photo.length,
      href: pathOf(job, 2, 0),
    };
    expect((await inputOf(world, job, 2)).references).toEqual([known]);
    expect((await world.get(pathOf(job, 2, 0))).bytes.equals(photo)).toBe(true);
  });
});

describe('GET …/references/{n}', () => {
  async function withReferences() {
    const world = await apiWorld();
    onTestFinished(() => world[Symbol.asyncDispose]());
    const job = await submit(world, { kind: 'image', input: { prompt: 'p', references: [inline] } });
    return { world, job, path: pathOf(job, 0, 0) };
  }

  test('sends the bytes like those of an artifact: tag, ranges, and headers against their use as a page', async () => {
    const { world, path } = await withReferences();
    const whole = await world.get(path);
    expect(whole).toMatchObject({
      status: 200,
      headers: {
        etag: `"${digest}"`,
        'content-type': 'image/jpeg',
        'content-length': String(photo.length),
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; sandbox",
        'content-disposition': 'inline; filename="reference-0.jpeg"',
      },
    });
    expect(whole.bytes.equals(photo)).toBe(true);
    expect((await world.get(path, { 'if-none-match': `"${digest}"` })).status).toBe(304);
    const part = await world.get(path, { range: 'bytes=10-19' });
    expect([part.status, part.headers['content-range']]).toEqual([206, `bytes 10-19/${photo.length}`]);
    expect(part.bytes.equals(photo.subarray(10, 20))).toBe(true);
    expect((await world.get(path, { range: `bytes=${photo.length}-` })).status).toBe(416);
  });

  test('a job of an earlier version does not know the size: the store does', async () => {
    const { world, job, path } = await withReferences();
    const record = (await world.log.read(job))!;
    const [task] = record.tasks;
    const references = [{ artifact: digest, mediaType: 'image/jpeg' }];
    const request = { ...task!.request, input: { ...task!.request.input, references } };
    world.log.read = async () => ({ ...record, tasks: [{ ...task!, request }] });
    expect((await inputOf(world, job)).references).toMatchObject([{ bytes: null, href: path }]);
    expect((await world.get(path)).headers['content-length']).toBe(String(photo.length));
    await world.artifacts.delete('default', digest);
    expect(await world.get(path)).toMatchObject({ status: 404, json: { code: 'ArtifactNotFound' } });
  });

  test.each([
    ['1', 404, 'ArtifactNotFound', 'Task 0 has 1 reference, so none at 1'],
    ['999', 404, 'ArtifactNotFound', 'Task 0 has 1 reference, so none at 999'],
    ['1000', 422, 'InvalidRequest', 'params.n: is not a number from 0 to 999'],
    ['first', 422, 'InvalidRequest', 'params.n: is not a number from 0 to 999'],
    ['-1', 422, 'InvalidRequest', 'params.n: is not a number from 0 to 999'],
  ])('there is none at %s', async (place, status, code, detail) => {
    const { world, job } = await withReferences();
    expect((await world.get(`/v1/jobs/${job}/tasks/0/references/${place}`)).json).toMatchObject({
      status,
      code,
      detail,
    });
  });
});
