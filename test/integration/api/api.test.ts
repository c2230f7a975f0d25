// The API on a real nats-server: a job from submit to the bytes of its result, and NATS gone and back meanwhile.

import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, onTestFinished, test } from 'vitest';
import {
  natsArtifactStore,
  natsClock,
  natsHeartbeats,
  natsJobLog,
  natsKeyRing,
  natsLinkKeys,
  natsPoolRegistry,
  natsTaskQueue,
  natsWebhookDeliveries,
} from '../../../src/adapters/nats/index.ts';
import { sharpImageReader } from '../../../src/adapters/images/index.ts';
import { buildApi } from '../../../src/api/app.ts';
import { GenwardenClient } from '../../../src/client/index.ts';
import { claimed, succeeded } from '../../../src/job/transitions.ts';
import { followActivity } from '../../../src/readmodel/activity/activityWindow.ts';
import { startFollower } from '../../../src/readmodel/follower.ts';
import { createApiMetrics } from '../../../src/telemetry/metrics.ts';
import { testLink } from '../../conformance/ports.ts';
import { fakeSchemaChecker } from '../../fakes/schemaChecker.ts';
import { startNatsServer } from '../../support/natsServer.ts';
import { until } from '../../support/until.ts';

const logger = pino({ level: 'silent' });
const retentionMs = 86_400_000;
const photo = readFileSync(new URL('../../../examples/front-yard.jpg', import.meta.url));
const yard = { kind: 'image', input: { prompt: 'a yard' }, policy: { queueTimeout: '1h' } } as const;

/** A nats-server with the parts of one API process, which listens. */
async function installation() {
  const server = await startNatsServer();
  onTestFinished(() => server.stop());
  const link = await testLink(server.url, `t${randomBytes(4).toString('hex')}`);
  const clock = await natsClock(link);
  const log = await natsJobLog(link, { retentionMs, now: clock.now });
  const artifacts = await natsArtifactStore(link, { retentionMs, clock });
  const queue = natsTaskQueue(link);
  const pools = await natsPoolRegistry(link);
  await pools.declare({ name: 'default', provider: 'gemini', models: { image: ['model-1'], text: [] }, policy: {} });
  await queue.ensurePool('default');
  await until(() => pools.find('default'), { what: 'the pool' });
  const follower = startFollower({ log, clock, logger });
  const api = buildApi({
    log,
    queue,
    heartbeats: natsHeartbeats(link),
    linkKeys: natsLinkKeys(link, clock),
    deliveries: natsWebhookDeliveries(link),
    artifacts,
    schemas: fakeSchemaChecker(),
    images: sharpImageReader(),
    keys: await natsKeyRing(link, { keys: {}, clock }),
    pools,
    clock,
    follower,
    activity: followActivity(follower, clock.now),
    metrics: createApiMetrics(new Registry()),
    logger,
    auth: 'off',
    retentionMs,
    corsOrigins: [],
    random: (bytes) => randomBytes(bytes),
  });
  const url = await api.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(async () => {
    await api.close();
    await queue.close();
    await follower.close();
  });
  const ready = () => until(async () => (await fetch(`${url}/readyz`)).ok, { what: 'the API to be ready' });
  await ready();
  return { server, log, queue, artifacts, clock, url, ready, client: new GenwardenClient({ url }) };
}

test('submit, claim by hand, result: each read shows it, and the bytes come back whole and in ranges', async () => {
  const { log, queue, artifacts, clock, client, url } = await installation();
  const { artifact } = await client.uploadReference(photo, 'image/jpeg');
  const submitted = await client.submit({ ...yard, input: { prompt: 'a yard', references: [{ artifact }] } });
  expect(await client.get(submitted.id)).toMatchObject({ state: 'queued', tasks: [{ run: 1 }] });
  const states: string[] = [];
  const waiting = client.wait(submitted.id, { onChange: ({ state }) => states.push(state) });

  const [delivery] = await queue.claimable('default', 1, AbortSignal.timeout(10_000));
  const { entry } = delivery!;
  expect(entry.detail.request.input.references).toEqual([{ artifact, mediaType: 'image/jpeg', bytes: photo.length }]);
  const running = claimed(entry.state, 'by-hand', 1, clock.now());
  const claim = await log.write({ state: running, detail: { message: 'Claimed' } }, entry.sequence);
  delivery!.ack();
  await until(() => states.includes('running'), { what: 'the wait to report the claim' });
  const stored = await artifacts.put('default', photo, 'image/jpeg');
  const result = { message: 'Done', artifacts: [{ name: 'image', ...stored }] };
  if (claim.outcome !== 'written') throw new Error('the claim was refused');
  await log.write({ state: succeeded(running, clock.now()), detail: result }, claim.entry.sequence);

  expect(await waiting).toMatchObject({ state: 'succeeded' });
  const { bytes, digest } = await client.downloadArtifact(submitted.id, 0, 'image');
  expect(`sha256:${createHash('sha256').update(bytes).digest('hex')}`).toBe(digest);
  const ranged = await fetch(`${url}/v1/jobs/${submitted.id}/tasks/0/artifacts/image`, {
    headers: { range: 'bytes=100-199' },
  });
  expect(ranged.status).toBe(206);
  expect(Buffer.from(await ranged.arrayBuffer()).equals(photo.subarray(100, 200))).toBe(true);
  expect((await client.history(submitted.id)).map(({ state }) => state)).toEqual(['queued', 'running', 'succeeded']);
  await client.delete(submitted.id);
  await expect(client.get(submitted.id)).rejects.toMatchObject({ code: 'JobNotFound' });
  expect(await Array.fromAsync(client.list())).toEqual([]);
});

test('many tasks are stored at once, cancelled, retried and cancelled again', async () => {
  const { client } = await installation();
  const { id } = await client.submit({
    ...yard,
    tasks: Array.from({ length: 200 }, (_, at) => ({ name: `task ${at}` })),
  });
  expect(await client.cancel(id)).toMatchObject({ state: 'cancelled', progress: { cancelled: 200 } });
  expect(await client.retry(id, { tasks: ['task 7', 9] })).toMatchObject({ state: 'queued', progress: { queued: 2 } });
  expect(await client.cancel(id)).toMatchObject({ progress: { cancelled: 200 } });
  expect((await client.pools())[0]).toMatchObject({ name: 'default', queued: 0 });
  expect((await client.get(id, { taskState: ['cancelled'] })).tasks).toHaveLength(200);
});

test('one key makes one job, however many submit it at once', async () => {
  const { client } = await installation();
  const submits = Array.from({ length: 8 }, () => client.submit(yard, { idempotencyKey: 'one' }));
  const ids = new Set((await Promise.all(submits)).map(({ id }) => id));
  expect(ids.size).toBe(1);
  expect(await Array.fromAsync(client.list())).toHaveLength(1);
});

test('NATS killed: 503 that names how to try again, nothing stored half; back: the same submit makes one job', async () => {
  const { client, server, url, ready } = await installation();
  const before = await client.submit(yard);
  server.kill('SIGKILL');
  await server.exited;
  const lost = await fetch(`${url}/v1/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...yard, tasks: [{}, {}, {}] }),
  });
  expect(lost.status).toBe(503);
  expect(Number(lost.headers.get('retry-after'))).toBeGreaterThan(0);
  const { code, idempotencyKey, jobId } = (await lost.json()) as Record<string, string>;
  expect(code).toBe('Unavailable');
  expect((await fetch(`${url}/readyz`)).status).toBe(503);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);

  await server.restart();
  await ready();
  const again = await client.submit({ ...yard, tasks: [{}, {}, {}] }, { idempotencyKey: idempotencyKey! });
  expect(again.id).toBe(jobId);
  const listed = await Array.fromAsync(client.list());
  expect(new Set(listed.map(({ id }) => id))).toEqual(new Set([before.id, again.id]));
});
