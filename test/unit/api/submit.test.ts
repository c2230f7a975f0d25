// Submit: what is stored, what is answered, and that the same key and body create one job.
import { describe, expect, test } from 'vitest';
import { submittedJobSchema } from '../../../src/api/view/schemas.ts';
import type { Queued } from '../../../src/job/task.ts';
import { cancelled, succeeded } from '../../../src/job/transitions.ts';
import { apiWorld } from '../../fakes/apiWorld.ts';
import { start } from '../../fakes/tasks.ts';

const yard = { kind: 'image', input: { prompt: 'a yard' } };
const iso = (ms: number): string => new Date(ms).toISOString();

describe('POST /v1/jobs', () => {
  test('stores one job and answers with it, whole, at once', async () => {
    await using world = await apiWorld();
    const { status, json, headers } = await world.post('/v1/jobs', {
      ...yard,
      labels: { project: 'p42' },
      metadata: [1],
    });
    expect(status).toBe(202);
    expect(headers.location).toBe(`/v1/jobs/${json.id}`);
    expect(headers['retry-after']).toBe('2');
    expect(() => submittedJobSchema.strict().parse(json)).not.toThrow();
    expect(json).toMatchObject({
      kind: 'image',
      pool: 'default',
      priority: 'normal',
      model: 'gemini-3.1-flash-image',
      state: 'queued',
      submittedAt: iso(start),
      startedAt: null,
      finishedAt: null,
      deadlineAt: iso(start + 86_400_000 + 300_000),
      expiresAt: iso(start + 7 * 86_400_000),
      progress: { total: 1, queued: 1, running: 0, fraction: 0 },
      labels: { project: 'p42' },
      metadata: [1],
      warnings: [],
    });
    expect(json.tasks).toMatchObject([
      { index: 0, name: null, state: 'queued', run: 1, attempt: 0, metadata: {}, reason: 'Submitted', artifacts: [] },
    ]);
    expect((await world.get(`/v1/jobs/${json.id}`)).json).toEqual({ ...json, warnings: undefined });
  });

  test("gives each task the job's input with its own keys in place of whole keys, and extra references appended", async () => {
    await using world = await apiWorld();
    const { digest } = await world.artifacts.put('default', Uint8Array.of(1), 'image/png');
    const other = await world.artifacts.put('default', Uint8Array.of(2), 'image/webp');
    const id = await world.submit({
      input: { prompt: 'a yard', seed: 7, references: [{ artifact: digest, caption: 'style' }] },
      tasks: [
        { name: 'front', metadata: { area: 1 } },
        { name: 'back', input: { prompt: 'a back yard', references: [] } },
        { input: { extraReferences: [{ artifact: other.digest }] } },
      ],
    });
    const record = (await world.log.read(id))!;
    const style = { artifact: digest, mediaType: 'image/png', bytes: 1, caption: 'style' };
    expect(record.tasks.map(({ request }) => request.input)).toEqual([
      { prompt: 'a yard', seed: 7, references: [style] },
      { prompt: 'a back yard', seed: 7 },
      { prompt: 'a yard', seed: 7, references: [style, { artifact: other.digest, mediaType: 'image/webp', bytes: 1 }] },
    ]);
    expect(record.tasks.map(({ last, request }) => [last.state.of.name, request.metadata])).toEqual([
      ['front', { area: 1 }],
      ['back', {}],
      [null, {}],
    ]);
  });

  test('a name of 100 characters from anywhere is one, also in addresses', async () => {
    await using world = await apiWorld();
    const name = '🌿庭'.repeat(50);
    const id = await world.submit({ tasks: [{ name }] });
    const url = `/v1/jobs/${id}/tasks/${encodeURIComponent(name)}`;
    expect((await world.get(`${url}/artifacts/image`)).json.code).toBe('ArtifactNotFound');
    expect((await world.post(`${url}/review`, { run: 1, decision: 'approve' })).json.code).toBe('NotInReview');
  });

  test('takes 500 tasks', async () => {
    await using world = await apiWorld();
    const tasks = Array.from({ length: 500 }, (_, at) => ({ name: `task ${at}` }));
    const { status, json } = await world.post('/v1/jobs', { ...yard, tasks });
    expect(status).toBe(202);
    expect(json.progress).toMatchObject({ total: 500, queued: 500 });
  });

  test('applies policy: the request over the pool over the defaults', async () => {
    await using world = await apiWorld();
    const id = await world.submit({
      pool: 'drawings',
      priority: 'high',
      policy: { attemptTimeout: '1m30s', queueTimeout: '1h', deadline: '2h' },
    });
    const { of, lane } = (await world.log.read(id))!.tasks[0]!.last.state as Queued;
    expect(lane).toBe('high');
    expect(of).toMatchObject({ model: 'gpt-image-1', deadline: start + 7_200_000 });
    expect(of.policy).toMatchObject({ attemptTimeout: 90_000, queueTimeout: 3_600_000, maxAttempts: 5 });
  });

  test('stores the backoff, what an outage and a spent budget do, and the resolved fallbacks', async () => {
    await using world = await apiWorld();
    const id = await world.submit({
      policy: {
        backoff: { initial: '2s', max: '1m' },
        onOutage: 'fail',
        onBudget: 'wait',
        fallback: [{ model: 'gemini-3-pro-image' }, { pool: 'drawings' }],
        fallbackOn: ['outage', 'refusal'],
      },
    });
    const { policy } = (await world.log.read(id))!.tasks[0]!.last.state.of;
    expect(policy).toMatchObject({
      backoff: { first: 2_000, cap: 60_000, requested: true },
      onOutage: 'fail',
      onBudget: 'wait',
      fallback: [
        { pool: 'default', model: 'gemini-3-pro-image' },
        { pool: 'drawings', model: 'gpt-image-1' },
      ],
      fallbackOn: ['outage', 'refusal'],
    });
    const plain = (await world.log.read(await world.submit()))!.tasks[0]!.last.state.of.policy;
    expect(Object.keys(plain)).not.toContain('fallback');
  });

  test('keeps numbers that JavaScript holds exactly, also large ones', async () => {
    await using world = await apiWorld();
    const body = '{"kind":"image","input":{"prompt":"a"},"metadata":[1e21,9007199254740992,0.1]}';
    const { status, json } = await world.post('/v1/jobs', body, { 'content-type': 'application/json' });
    expect(status).toBe(202);
    expect(json.metadata).toEqual([1e21, 2 ** 53, 0.1]);
  });

  test('fits the default budgets into a short retention, but refuses requested budgets that do not fit', async () => {
    await using world = await apiWorld({ retentionMs: 60_000 });
    const { status, json } = await world.post('/v1/jobs', yard);
    expect(status).toBe(202);
    expect(Date.parse(json.deadlineAt)).toBeLessThanOrEqual(Date.parse(json.expiresAt));
    const refused = await world.post('/v1/jobs', { ...yard, policy: { queueTimeout: '2m' } });
    expect(refused).toMatchObject({ status: 422, json: { code: 'PolicyExceedsRetention' } });
    const bounded = await world.post('/v1/jobs', { ...yard, policy: { queueTimeout: '2m', deadline: '30s' } });
    expect(bounded.status).toBe(202);
  });
});

describe('Idempotency-Key', () => {
  const keyed = { 'idempotency-key': 'order 66' };

  test('the same key and body answer with the first job, whatever the order of keys', async () => {
    await using world = await apiWorld();
    const first = await world.post('/v1/jobs', { kind: 'image', input: { prompt: 'a', seed: 1 } }, keyed);
    await world.claim(first.json.id);
    const again = await world.post('/v1/jobs', { input: { seed: 1, prompt: 'a' }, kind: 'image' }, keyed);
    expect(again.status).toBe(200);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(again.json).toMatchObject({ id: first.json.id, state: 'running' });
    expect(world.log.stream.size.messages).toBe(2);
  });

  test('a process that has not heard of the first job finds it as well', async () => {
    await using world = await apiWorld();
    const first = await world.post('/v1/jobs', yard, keyed);
    world.follower.index.clear();
    const again = await world.post('/v1/jobs', yard, keyed);
    expect(again).toMatchObject({ status: 200, json: { id: first.json.id } });
  });

  test('the same key with another body, pool or priority is refused and names the job', async () => {
    await using world = await apiWorld();
    const first = await world.post('/v1/jobs', yard, keyed);
    for (const other of [
      { ...yard, pool: 'drawings' },
      { ...yard, priority: 'high' },
      { ...yard, metadata: 1 },
    ]) {
      const { status, json } = await world.post('/v1/jobs', other, keyed);
      expect([status, json.code, json.jobId]).toEqual([422, 'IdempotencyKeyReused', first.json.id]);
    }
  });

  test('a key is another one in another tenant, and free again once the job is deleted or its retention over', async () => {
    await using world = await apiWorld();
    const first = await world.post('/v1/jobs', yard, keyed);
    world.clock.skip(7 * 86_400_000 + 1);
    const later = await world.post('/v1/jobs', { ...yard, metadata: 'new' }, keyed);
    expect(later).toMatchObject({ status: 202, json: { id: first.json.id, metadata: 'new' } });
    await world.post(`/v1/jobs/${first.json.id}/cancel`);
    expect((await world.delete(`/v1/jobs/${first.json.id}`)).status).toBe(204);
    expect(await world.post('/v1/jobs', yard, keyed)).toMatchObject({ status: 202, json: { metadata: {} } });
  });

  test('a key that is no printable ASCII is refused', async () => {
    await using world = await apiWorld();
    const { status, json } = await world.post('/v1/jobs', yard, { 'idempotency-key': 'x'.repeat(256) });
    expect([status, json.errors[0].path]).toEqual([422, 'headers.idempotency-key']);
  });
});

describe('a submit without an answer from NATS', () => {
  test('names the key and the job to try again with, and then makes one job', async () => {
    await using world = await apiWorld();
    world.log.away = true;
    const lost = await world.post('/v1/jobs', yard);
    expect(lost).toMatchObject({ status: 503, headers: { 'retry-after': '1' }, json: { code: 'Unavailable' } });
    const { idempotencyKey, jobId } = lost.json;
    world.log.away = false;
    const again = await world.post('/v1/jobs', yard, { 'idempotency-key': idempotencyKey });
    expect(again).toMatchObject({ status: 202, json: { id: jobId } });
  });

  test("names the client's own key", async () => {
    await using world = await apiWorld();
    world.log.away = true;
    const { json } = await world.post('/v1/jobs', yard, { 'idempotency-key': 'mine' });
    expect(json.idempotencyKey).toBe('mine');
    expect(json.detail).toContain('Idempotency-Key: mine');
  });
});

describe('concurrencyKey', () => {
  test('one open job a key: a second is refused and names the first, until that has finished', async () => {
    await using world = await apiWorld();
    const first = await world.submit({ concurrencyKey: 'p42/illustration' });
    const second = await world.post('/v1/jobs', { ...yard, concurrencyKey: 'p42/illustration' });
    expect(second).toMatchObject({ status: 409, json: { code: 'ConcurrencyConflict', holder: first } });
    await world.post(`/v1/jobs/${first}/cancel`);
    const third = await world.post('/v1/jobs', { ...yard, concurrencyKey: 'p42/illustration' });
    expect(third.status).toBe(202);
  });
});

describe('?wait=', () => {
  test('answers 200 as soon as the job is terminal', async () => {
    await using world = await apiWorld();
    const answer = world.post('/v1/jobs?wait=30s', yard, { 'idempotency-key': 'w' });
    const job = await newestJob(world);
    await world.claim(job);
    await world.finish(job, 0, succeeded);
    expect(await answer).toMatchObject({ status: 200, json: { state: 'succeeded' } });
  });

  test('answers 202 when the wait is over first, with the job as it is then', async () => {
    await using world = await apiWorld();
    const answer = world.post('/v1/jobs?wait=200ms', yard);
    await world.claim(await newestJob(world));
    expect(await answer).toMatchObject({ status: 202, json: { state: 'running' } });
  });

  test('ends when the API closes', async () => {
    const world = await apiWorld();
    const answer = world.post('/v1/jobs?wait=60s', yard);
    await newestJob(world);
    await world[Symbol.asyncDispose]();
    expect((await answer).status).toBe(202);
  });

  test('a job that is cancelled meanwhile is an end too', async () => {
    await using world = await apiWorld();
    const answer = world.post('/v1/jobs?wait=30s', yard);
    const job = await newestJob(world);
    await world.finish(job, 0, (state, now) => cancelled(state, now));
    expect(await answer).toMatchObject({ status: 200, json: { state: 'cancelled' } });
  });
});

/** The id of the job that a request under way stored. */
async function newestJob({ follower }: Pick<Awaited<ReturnType<typeof apiWorld>>, 'follower'>): Promise<string> {
  return new Promise((resolve) => {
    const stop = follower.onChange(({ entry }) => {
      stop();
      resolve(entry.state.of.job);
    });
  });
}
