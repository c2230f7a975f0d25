// Jobs whose results are checked and reviewed, over HTTP: what a submit accepts, how a wait ends, and what a review keeps.
import { describe, expect, test } from 'vitest';
import type { Flag } from '../../../src/job/resultCheck.ts';
import type { Running, TaskDetail } from '../../../src/job/task.ts';
import { failed, succeeded, toReview } from '../../../src/job/transitions.ts';
import { apiWorld, type ApiWorld } from '../../fakes/apiWorld.ts';
import { until } from '../../support/until.ts';
import { photo } from '../../support/pictures.ts';

const check = { prompt: 'Is anything red?' };
const imageOf = (letter: string) => ({
  name: 'image',
  mediaType: 'image/png',
  bytes: 3,
  digest: `sha256:${letter.repeat(64)}`,
});
const flags: Flag[] = [
  { source: 'check', reason: 'The border is red.' },
  { source: 'safety', reason: 'HARM_CATEGORY_HARASSMENT is MEDIUM' },
];
const flag = (state: Running, now: number) => toReview(state, now, 'Flagged');

/** The worker makes a result, and the job's check flags it. */
async function flagTask(world: ApiWorld, id: string, task = 0, detail: Partial<TaskDetail> = {}): Promise<void> {
  await world.claim(id, task);
  const message = 'Flagged by the check: The border is red';
  await world.finish(id, task, flag, { message, artifacts: [imageOf('a')], flags, ...detail });
}

const review = (world: ApiWorld, id: string, body: object, task = 0) =>
  world.post(`/v1/jobs/${id}/tasks/${task}/review`, body);

const requestOf = async (world: ApiWorld, id: string, task = 0) => (await world.log.read(id))!.tasks[task]!.request;

describe('a submit', () => {
  test('resolves the check and stores it with each task', async () => {
    await using world = await apiWorld();
    const id = await world.submit({ policy: { check }, tasks: [{}, {}] });
    const { tasks } = (await world.log.read(id))!;
    expect(tasks[0]!.last.state.of.policy).toMatchObject({ review: 'onFlag', checkTimeout: 60_000 });
    for (const { request } of tasks) {
      expect(request.check).toMatchObject({ prompt: 'Is anything red?', models: { default: 'gemini-2.5-flash' } });
    }
  });

  test.each([
    [{ check: {} }, 'policy.check.prompt'],
    [{ check: { prompt: ' ' } }, 'policy.check.prompt'],
    [{ check: { prompt: 'x'.repeat(8_193) } }, 'policy.check.prompt'],
    [{ check: { ...check, model: 'gemini-3-pro-image' } }, 'policy.check.model'],
    [{ check: { ...check, schema: { type: 'object' } } }, 'policy.check.schema.properties.flagged'],
    [{ check: { ...check, schema: [] } }, 'policy.check.schema'],
    [{ check: { ...check, model: 'x', also: 1 } }, 'policy.check.also'],
    [{ check, review: 'never' }, 'policy.check'],
    [{ review: 'sometimes' }, 'policy.review'],
  ])('with the policy %j is refused at %s', async (policy, path) => {
    await using world = await apiWorld();
    const { status, json } = await world.post('/v1/jobs', { kind: 'image', input: { prompt: 'a' }, policy });
    expect([status, json.errors[0].path]).toEqual([422, path]);
  });

  test('in a pool without a text model is refused', async () => {
    await using world = await apiWorld();
    const body = { kind: 'image', pool: 'drawings', input: { prompt: 'a' }, policy: { check } };
    expect(await world.post('/v1/jobs', body)).toMatchObject({
      status: 422,
      json: { code: 'ModelNotInPool', errors: [{ path: 'policy.check' }] },
    });
  });
});

describe('a wait', () => {
  test('ends when all that is left is a review, with 200 for a read and 202 for a submit', async () => {
    await using world = await apiWorld();
    const body = { kind: 'image', input: { prompt: 'a' }, policy: { check }, tasks: [{}, {}] };
    const key = { 'idempotency-key': 'a' };
    const id = (await world.post('/v1/jobs', body, key)).json.id as string;
    const waits = world.get(`/v1/jobs/${id}?wait=60s`);
    await flagTask(world, id, 0);
    await world.claim(id, 1);
    await world.finish(id, 1, succeeded);
    expect(await waits).toMatchObject({ status: 200, json: { state: 'needs_review', finishedAt: null } });
    expect((await world.get(`/v1/jobs/${id}?wait=60s`)).json.state).toBe('needs_review');
    const again = await world.post('/v1/jobs?wait=60s', body, key);
    expect(again.json).toMatchObject({ id, state: 'needs_review' });
  });

  test('of the submit itself ends at the review with 202', async () => {
    await using world = await apiWorld();
    const body = { kind: 'image', input: { prompt: 'a' }, policy: { check } };
    const waits = world.post('/v1/jobs?wait=60s', body);
    const id = await until(() => world.log.entries[0]?.state.of.job, { what: 'the job' });
    await flagTask(world, id);
    expect(await waits).toMatchObject({ status: 202, json: { state: 'needs_review', tasks: [{ flags }] } });
  });
});

describe('a review', () => {
  test('the flags are in the job, its history and its explanation, and stay after an approval', async () => {
    await using world = await apiWorld();
    const id = await world.submit({ policy: { check } });
    await flagTask(world, id);
    const shown = (await world.get(`/v1/jobs/${id}`)).json.tasks[0];
    expect(shown).toMatchObject({ reason: 'Flagged', flags, waitingFor: { reason: 'Review' } });
    expect(shown.waitingFor.detail).toMatch(/^Its result was flagged and awaits review since /);
    const explained = (await world.get(`/v1/jobs/${id}/explain`)).json.tasks[0];
    expect(explained.details).toEqual(['Flagged by the check: The border is red']);
    expect(explained.advice).toEqual([
      `Decide with \`genwarden review ${id} approve --task 0 --run 1\` (or reject, or tweak, which fixes what was flagged).`,
    ]);
    expect(explained.next[0].says).toMatch(/it fails with ReviewTimeout in (?:24 h|1 day) /);
    const { json } = await review(world, id, { run: 1, decision: 'approve' });
    expect(json.tasks[0]).toMatchObject({ state: 'succeeded', reason: 'Approved', flags });
    const history = (await world.get(`/v1/jobs/${id}/history`)).json.items;
    expect(history.map((entry: { flags?: unknown }) => entry.flags)).toEqual([undefined, undefined, flags, flags]);
  });

  test('a tweak without an instruction fixes what was flagged', async () => {
    await using world = await apiWorld();
    const id = await world.submit({ policy: { check } });
    await flagTask(world, id);
    expect((await review(world, id, { run: 1, decision: 'tweak' })).status).toBe(202);
    expect((await requestOf(world, id)).input.prompt).toBe(
      'a yard\n\nThe last image is the earlier result. Change it: Fix each of these problems: The border is red; HARM_CATEGORY_HARASSMENT is MEDIUM',
    );
  });

  test('a tweak keeps references, captions, metadata and the check, run after run', async () => {
    await using world = await apiWorld();
    const upload = await world.post('/v1/artifacts', photo, { 'content-type': 'image/jpeg' });
    const { artifact } = upload.json as { artifact: string };
    const references = [{ artifact, caption: 'the yard today' }, { artifact }];
    const id = await world.submit({
      input: { prompt: 'a yard', references, seed: 7 },
      metadata: { project: 'p42' },
      tasks: [{ name: 'front', metadata: ['front'] }],
      policy: { check, review: 'always' },
    });
    const before = await requestOf(world, id);
    for (const [run, letter, instruction] of [
      [1, 'a', 'Fix red violations'],
      [2, 'b', 'More sun'],
      [3, 'c', 'Less sky'],
    ] as const) {
      await flagTask(world, id, 0, { artifacts: [imageOf(letter)] });
      const { json } = await review(world, id, { run, decision: 'tweak', instruction });
      expect(json).toMatchObject({ metadata: { project: 'p42' }, tasks: [{ run: run + 1, metadata: ['front'] }] });
      expect(json.tasks[0]).not.toHaveProperty('flags');
    }
    const { input, ...request } = await requestOf(world, id);
    expect(request).toMatchObject({ metadata: ['front'], jobMetadata: { project: 'p42' }, check: before.check });
    expect(input).toMatchObject({ seed: 7 });
    expect(input.references!.slice(0, 2)).toEqual(before.input.references);
    expect(input.references!.slice(2)).toMatchObject([
      { artifact: imageOf('c').digest, caption: 'the earlier result' },
    ]);
    expect(input.prompt).toBe(
      'a yard\n\nThe last image is the earlier result. Change it: Less sky\n\nKeep its earlier changes: Fix red violations; More sun',
    );
  });

  test('a text is tweaked with the text before, and one that is too long for a prompt is refused', async () => {
    await using world = await apiWorld();
    const id = await world.submit({ kind: 'text', input: { prompt: 'a plan' }, policy: { review: 'always' } });
    await world.claim(id);
    await world.finish(id, 0, toReview, { output: { title: 'A' } });
    await review(world, id, { run: 1, decision: 'tweak', instruction: 'shorter' });
    await world.claim(id);
    await world.finish(id, 0, toReview, { output: 'B' });
    await review(world, id, { run: 2, decision: 'tweak', instruction: 'in German' });
    expect((await requestOf(world, id)).input.prompt).toBe(
      'a plan\n\nThis is the earlier result:\nB\n\nChange it: in German\n\nKeep its earlier changes: shorter',
    );
    await world.claim(id);
    const artifacts = [{ ...imageOf('a'), name: 'output', mediaType: 'text/plain; charset=utf-8' }];
    await world.finish(id, 0, toReview, { artifacts });
    const { status, json } = await review(world, id, { run: 3, decision: 'tweak', instruction: 'longer' });
    expect([status, json.detail]).toEqual([422, expect.stringContaining('its result is too long to be repeated')]);
  });

  test('a tweak of what a fallback made stays with its model; a retry starts with the first one', async () => {
    await using world = await apiWorld();
    const fallback = [{ model: 'gemini-3-pro-image' }];
    const id = await world.submit({ policy: { review: 'always', fallback } });
    const { state } = await world.claim(id);
    world.log.append({ ...state, target: 1 }, { message: 'It fell back' });
    await world.finish(id, 0, toReview, { artifacts: [imageOf('a')] });
    const tweaked = await review(world, id, { run: 1, decision: 'tweak', instruction: 'x' });
    expect(tweaked.json.tasks[0].target).toEqual({ pool: 'default', model: 'gemini-3-pro-image' });
    await world.claim(id);
    await world.finish(id, 0, (running, now) => failed(running, 'OutputRefused', now));
    const retried = await world.post(`/v1/jobs/${id}/retry`);
    expect(retried.json.tasks[0].target).toEqual({ pool: 'default', model: 'gemini-3.1-flash-image' });
  });

  test('of two reviewers one decides; a rejected task is retried and reviewed again', async () => {
    await using world = await apiWorld();
    const id = await world.submit({ policy: { check } });
    await flagTask(world, id);
    const answers = await Promise.all([
      review(world, id, { run: 1, decision: 'approve' }),
      review(world, id, { run: 1, decision: 'reject', note: 'wrong plants' }),
    ]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
    const other = await world.submit({ policy: { check } });
    await flagTask(world, other);
    const rejected = await review(world, other, { run: 1, decision: 'reject', note: 'wrong plants' });
    expect(rejected.json.tasks[0]).toMatchObject({ reason: 'RejectedInReview', flags, artifacts: [{ name: 'image' }] });
    expect(rejected.json.tasks[0].message).toMatch(/^Rejected by .*: wrong plants$/);
    expect((await world.post(`/v1/jobs/${other}/retry`)).json.tasks[0]).toMatchObject({ run: 2, state: 'queued' });
    await flagTask(world, other);
    expect((await world.get(`/v1/jobs/${other}`)).json.tasks[0]).toMatchObject({
      run: 2,
      state: 'needs_review',
      flags,
    });
  });
});
