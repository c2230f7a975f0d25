// Submits of jobs whose tasks wait for each other: what is stored, and every mistake with its place.
import { describe, expect, test } from 'vitest';
import { isHeld } from '../../../../src/job/task.ts';
import { apiWorld } from '../../../fakes/apiWorld.ts';
import { start } from '../../../fakes/tasks.ts';

const day = 86_400_000;
const run = 5 * 60_000;
/** Of a text: three attempts of 120 s, their backoffs, and a second each. */
const textRun = 366_000;
const iso = (ms: number): string => new Date(ms).toISOString();

const storyboard = {
  name: 'storyboard',
  kind: 'text',
  input: { prompt: 'a story in two beats', schema: { type: 'object' } },
};
const front = { name: 'front', after: ['storyboard'], input: { prompt: 'draw {{tasks.storyboard.output.beats[0]}}' } };
const collage = {
  name: 'collage',
  kind: 'text',
  after: ['storyboard', 'front'],
  input: {
    prompt: 'Describe {{tasks.storyboard.output}}',
    references: [{ artifact: { task: 'front', name: 'image' }, caption: 'the front' }],
  },
};
const chain = { kind: 'image', input: { aspectRatio: '16:9' }, tasks: [collage, storyboard, front] };

describe('a job whose tasks wait for each other', () => {
  test('holds the waiting ones back, each with the time by which the others have ended', async () => {
    await using world = await apiWorld();
    const { status, json } = await world.post('/v1/jobs', chain);
    expect(status).toBe(202);
    expect(json).toMatchObject({
      kind: 'image',
      model: 'gemini-3.1-flash-image',
      state: 'queued',
      deadlineAt: iso(start + 3 * day + 2 * textRun + run),
      progress: { total: 3, queued: 1, waiting: 2 },
    });
    expect(json.tasks).toMatchObject([
      {
        name: 'collage',
        kind: 'text',
        model: 'gemini-2.5-flash',
        after: ['storyboard', 'front'],
        state: 'waiting',
        reason: 'AwaitingTasks',
        message: 'Waits for 2 tasks of its job',
        retryAt: null,
        dueAt: iso(start + 2 * day + textRun + run),
        waitingFor: {
          reason: 'Dependency',
          until: null,
          detail: `Waits for task 2 (front), waiting since ${iso(start).replace('.000', '')}, and for 1 other task`,
        },
      },
      { name: 'storyboard', kind: 'text', model: 'gemini-2.5-flash', state: 'queued', dueAt: iso(start + day) },
      {
        name: 'front',
        after: ['storyboard'],
        state: 'waiting',
        dueAt: iso(start + day + textRun),
        waitingFor: { detail: `Waits for task 1 (storyboard), queued since ${iso(start).replace('.000', '')}` },
      },
    ]);
    expect(json.tasks[1]).not.toHaveProperty('after');
    expect(json.tasks[2]).not.toHaveProperty('kind');
    const record = (await world.log.read(json.id))!;
    expect(record.tasks.map(({ last }) => isHeld(last.state))).toEqual([true, false, true]);
    expect(record.tasks[0]!.last.state.of).toMatchObject({ after: [1, 2], kind: 'text', jobKind: 'image' });
    expect(record.tasks[0]!.request).toMatchObject({
      after: ['storyboard', 'front'],
      input: { references: [{ artifact: { task: 'front', name: 'image' }, caption: 'the front' }] },
    });
    expect(record.tasks[0]!.request.input).not.toHaveProperty('aspectRatio');
    expect(record.tasks[2]!.request.input).toMatchObject({ aspectRatio: '16:9', prompt: front.input.prompt });
  });

  test('each kind has its own policy defaults, and the list filters by the kind of the job', async () => {
    await using world = await apiWorld();
    const { json } = await world.post('/v1/jobs', { ...chain, policy: { maxAttempts: 2 } });
    const policies = (await world.log.read(json.id))!.tasks.map(({ last }) => last.state.of.policy);
    expect(policies.map(({ attemptTimeout, maxAttempts }) => [attemptTimeout, maxAttempts])).toEqual([
      [120_000, 2],
      [120_000, 2],
      [90_000, 2],
    ]);
    expect((await world.get('/v1/jobs?kind=image')).json.items).toHaveLength(1);
    expect((await world.get('/v1/jobs?kind=text')).json.items).toHaveLength(0);
  });

  test('a fallback to a model of one kind concerns the tasks of that kind', async () => {
    await using world = await apiWorld();
    const { json } = await world.post('/v1/jobs', {
      ...chain,
      policy: { fallback: [{ model: 'gemini-3-pro-image' }] },
    });
    const fallbacks = (await world.log.read(json.id))!.tasks.map(({ last }) => last.state.of.policy.fallback);
    expect(fallbacks).toEqual([undefined, undefined, [{ pool: 'default', model: 'gemini-3-pro-image' }]]);
    const refused = await world.post('/v1/jobs', { ...chain, policy: { fallback: [{ model: 'unknown' }] } });
    expect(refused.status).toBe(422);
    expect(refused.json.errors[0].path).toBe('policy.fallback[0].model');
  });

  test('braces in a task that waits for none are literal', async () => {
    await using world = await apiWorld();
    const prompt = 'say {{tasks.storyboard.output}} and {{x}}';
    const id = await world.submit({ tasks: [{ name: 'storyboard' }, { input: { prompt } }] });
    const [, task] = (await world.log.read(id))!.tasks;
    expect(task!.last.state.state).toBe('queued');
    expect(task!.request).toMatchObject({ input: { prompt } });
    expect(task!.request).not.toHaveProperty('after');
  });

  test('the same key and body are one job', async () => {
    await using world = await apiWorld();
    const key = { 'idempotency-key': 'k' };
    const one = await world.post('/v1/jobs', chain, key);
    const two = await world.post('/v1/jobs', chain, key);
    expect([two.status, two.json.id]).toEqual([200, one.json.id]);
    expect((await world.post('/v1/jobs', { ...chain, tasks: [storyboard, front] }, key)).status).toBe(422);
  });
});

const named = (name: string, after?: string[], input: object = {}) => ({
  name,
  after,
  input: { prompt: 'p', ...input },
});
const uses = (prompt: string, parent: object = storyboard) => ({ tasks: [parent, { ...front, input: { prompt } }] });
const refers = (artifact: object, parent: object = named('storyboard')) => ({
  tasks: [parent, { ...front, input: { prompt: 'p', references: [{ artifact }] } }],
});

const mistakes: [what: string, body: object, path: string, message: string][] = [
  [
    'an unknown name',
    { tasks: [named('a'), named('b', ['c'])] },
    'tasks[1].after[0]',
    'is c, but the job has no task of that name; its tasks are a, b',
  ],
  [
    'a name where no task has one',
    { tasks: [{}, { after: ['a'] }] },
    'tasks[1].after[0]',
    'none of its tasks has a name',
  ],
  ['itself', { tasks: [named('a', ['a'])] }, 'tasks[0].after[0]', 'is the task itself'],
  ['a name twice', { tasks: [named('a'), named('b', ['a', 'a'])] }, 'tasks[1].after[1]', 'names a twice'],
  ['an empty list', { tasks: [named('a'), named('b', [])] }, 'tasks[1].after', 'is empty'],
  [
    'a cycle',
    { tasks: [named('start'), named('a', ['start', 'c']), named('b', ['a']), named('c', ['b'])] },
    'tasks[1].after',
    'is part of a cycle: a waits for c, c waits for b, b waits for a',
  ],
  [
    'a template of a task that after does not list',
    { tasks: [storyboard, named('x'), { ...front, after: ['x'] }] },
    'tasks[2].input.prompt',
    'uses tasks.storyboard.output.beats[0], but after does not list storyboard',
  ],
  ['a template without its end', uses('{{tasks.storyboard.output'), 'tasks[1].input.prompt', 'without its end'],
  ['a template of something else', uses('{{tasks.storyboard.usage}}'), 'tasks[1].input.prompt', 'not of the form'],
  [
    'the output of an image',
    uses('{{tasks.storyboard.output}}', named('storyboard')),
    'tasks[1].input.prompt',
    'uses tasks.storyboard.output, but task storyboard is of kind image and has no output; refer to its artifact image',
  ],
  [
    'a field of a text without a schema',
    uses('{{tasks.storyboard.output.a}}', { ...storyboard, input: { prompt: 'p' } }),
    'tasks[1].input.prompt',
    'uses tasks.storyboard.output.a, but the output of task storyboard is text without fields: give it an input.schema',
  ],
  [
    "a mistake in the job's own prompt",
    { input: { prompt: '{{tasks.x}}' }, tasks: [{ name: 'a' }, { after: ['a'] }] },
    'input.prompt',
    'not of the form',
  ],
  [
    'an artifact of a task that after does not list',
    refers({ task: 'other', name: 'image' }),
    'tasks[1].input.references[0].artifact.task',
    'is other, but tasks[1].after does not list it',
  ],
  [
    'an artifact in a task that waits for none',
    { tasks: [named('a'), named('b', undefined, { extraReferences: [{ artifact: { task: 'a', name: 'image' } }] })] },
    'tasks[1].input.extraReferences[0].artifact.task',
    'is a, but tasks[1].after does not list it',
  ],
  [
    'an artifact of the job without tasks',
    { input: { prompt: 'p', references: [{ artifact: { task: 'a', name: 'image' } }] } },
    'input.references[0].artifact.task',
    'is a, but after does not list it',
  ],
  [
    'an image of a text',
    refers({ task: 'storyboard', name: 'image' }, storyboard),
    'tasks[1].input.references[0].artifact.name',
    'is image, but task storyboard is of kind text and has no image; use {{tasks.storyboard.output}}',
  ],
  [
    'an artifact that no image has',
    refers({ task: 'storyboard', name: 'metadata' }),
    'tasks[1].input.references[0].artifact.name',
    'is metadata, but a task of kind image has image, image-2 and so on, and thumbnail',
  ],
  [
    'neither a digest nor an artifact',
    refers({ task: 'storyboard' }),
    'tasks[1].input.references[0].artifact',
    'is neither a digest, sha256: and 64 hexadecimal digits, nor {task, name}',
  ],
  [
    "a model that is not of the task's kind",
    { tasks: [{ model: 'gemini-2.5-flash' }] },
    'tasks[0].model',
    'Pool default does not offer the model gemini-2.5-flash for kind image',
  ],
  [
    'a kind that the pool does not have',
    { pool: 'drawings', tasks: [{}, { kind: 'text' }] },
    'tasks[1].kind',
    'Pool drawings does not offer a model for kind text; it offers none for kind text',
  ],
  [
    'a ratio for a text',
    { tasks: [{ kind: 'text', input: { aspectRatio: '1:1' } }] },
    'tasks[0].input.aspectRatio',
    'is not supported by kind text',
  ],
  [
    'more names than all lists may have',
    { tasks: Array.from({ length: 120 }, (_, at) => named(`t${at}`, at === 0 ? undefined : range(at))) },
    'tasks[100].after',
    'makes the lists of all tasks longer than 5000 names together',
  ],
];

function range(end: number): string[] {
  return Array.from({ length: end }, (_, at) => `t${at}`);
}

describe('a mistake is refused with its place', () => {
  test.each(mistakes)('%s', async (_, body, path, message) => {
    await using world = await apiWorld();
    const answer = await world.post('/v1/jobs', { kind: 'image', input: { prompt: 'a yard' }, ...body });
    expect(answer.status).toBe(422);
    expect(answer.json.errors).toContainEqual({ path, message: expect.stringContaining(message) });
    expect(world.log.entries).toEqual([]);
  });
});

describe('the times of a chain', () => {
  const inARow = (count: number, policy = {}) => ({
    policy,
    tasks: Array.from({ length: count }, (_, at) => ({ name: `t${at}`, ...(at > 0 && { after: [`t${at - 1}`] }) })),
  });

  test('the default budgets shrink until the longest chain fits into the retention', async () => {
    await using world = await apiWorld();
    for (const [count, queueTimeout] of [
      [6, day],
      [14, day / 2 - run],
    ] as const) {
      const id = await world.submit(inARow(count));
      const record = (await world.log.read(id))!;
      expect(record.tasks[0]!.last.state.of.policy.queueTimeout).toBe(queueTimeout);
      const { deadlineAt, expiresAt } = (await world.get(`/v1/jobs/${id}`)).json;
      expect(Date.parse(deadlineAt)).toBe(start + count * (queueTimeout + run));
      expect(Date.parse(deadlineAt)).toBeLessThanOrEqual(Date.parse(expiresAt));
    }
  });

  test('requested budgets that add up to more than the retention are refused, with the chain and the sum', async () => {
    await using world = await apiWorld();
    const body = { kind: 'image', input: { prompt: 'a yard' } };
    const answer = await world.post('/v1/jobs', { ...body, ...inARow(3, { queueTimeout: '60h' }) });
    expect(answer.json).toMatchObject({
      code: 'PolicyExceedsRetention',
      detail:
        'The budgets of a chain of 3 tasks (t0 → t1 → t2) add up to 7 days 12 h 15 min, but jobs are kept for 7 days',
    });
    const limited = await world.post('/v1/jobs', { ...body, ...inARow(3, { queueTimeout: '60h', deadline: '6d' }) });
    expect(limited.status).toBe(202);
    expect(limited.json.tasks[2].dueAt).toBe(iso(start + 2 * (2.5 * day + run)));
  });
});
