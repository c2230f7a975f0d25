// Storage that is full: the disk of the NATS server, with and without `genwarden dev` watching it, the stream, the artifact store
// and a worker's own disk. Everything names it, nothing is lost, and everything continues once there is room.

import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, it, onTestFinished } from 'vitest';
import { anImage } from '../../support/installation.ts';
import { startProcess } from '../../support/process.ts';
import { smallDisk } from '../../support/smallDisk.ts';
import { until } from '../../support/until.ts';
import { startWorld } from '../support/world.ts';
import { addEdgeRow } from './edgeRows.ts';
import { isRefused, program, recovered, startDevOn, tellsOf, type Submitted } from './storage.ts';

const slow = (prompt: string): ReturnType<typeof anImage> => anImage(`${prompt} [standin: image small after 2s]`);
const hanging = { ...anImage('[standin: hang]'), policy: { attemptTimeout: '4s', maxAttempts: 1 } } as const;
const quick = { kind: 'image', bytes: 'small', latencyMs: 50 } as const;

it('dev on a full disk: statuses go to the reserve, results wait, and freed space is used within seconds', async () => {
  const disk = await smallDisk(60);
  if (disk === undefined) return;
  const { client, dev, metrics } = await startDevOn(disk.path);
  const jobs: Submitted[] = [];
  for (const request of [slow('one'), slow('two'), hanging]) jobs.push(await client.submit(request));
  for (const { id } of jobs) {
    await until(async () => (await client.get(id)).state === 'running', { what: 'all tasks to run' });
  }
  disk.fill();
  await until(() => isRefused(client), { what: 'a submit to be refused' });
  // The reserve has room for the status of a task that is due.
  const failed = await client.wait(jobs[2]!.id);
  expect(failed).toMatchObject({ state: 'failed', tasks: [{ reason: 'AttemptTimeout' }] });
  const told = await until(() => tellsOf({ client, job: jobs[0]!.id, metrics }), { what: 'words about the full disk' });
  const full = 'The storage of NATS is full since <time>: The disk of the NATS server is full (';
  expect(told.get).toContain(full);
  expect(told.explain).toContain(full);
  expect(told.stuck).toContain(full);
  expect(told.doctor).toContain('submits and artifacts are refused; statuses still fit');
  expect(told.metric).toBe('genwarden_storage_full{place="disk"} 1');
  expect(dev.lines.filter((line) => line.includes('"storage":"disk"'))).toHaveLength(3);
  disk.free();
  addEdgeRow({ fault: "full disk of dev's nats-server, freed", ...(await recovered(client, jobs)) });
});

it('a full disk of any NATS server: the server stores nothing until it restarts, and everybody says why', async () => {
  const disk = await smallDisk(60);
  if (disk === undefined) return;
  const world = await startWorld({
    behaviour: quick,
    natsOptions: { storeDir: `${disk.path}/store`, maxFileStore: 6e7 },
  });
  const { client, first } = world;
  const jobs: Submitted[] = [];
  for (const request of [slow('one'), slow('two'), hanging]) jobs.push(await client.submit(request));
  await world.standin.waitFor((requests) => requests.length === 3, 20_000);
  disk.fill();
  const metrics = /metrics on (http:\S+)"/.exec(await first.worker.waitForLine(/metrics on/))![1]!;
  const told = await until(() => tellsOf({ client, job: jobs[2]!.id, metrics }), { what: 'words', timeoutMs: 20_000 });
  const full = 'The storage of NATS is full since <time>: The disk of the NATS server is full (';
  expect(told.get).toContain(full);
  expect(told.explain).toContain(full);
  expect(told.stuck).toContain(full);
  expect(told.doctor).toContain('nothing can be stored');
  expect(told.metric).toBe('genwarden_storage_full{place="disk"} 1');
  expect(first.worker.lines.filter((line) => line.includes('"storage":"disk"'))).toHaveLength(1);
  disk.free();
  // As the liveness probe of the chart does.
  await world.nats.restart();
  addEdgeRow({
    fault: 'full disk of an external nats-server, freed and restarted',
    ...(await recovered(client, jobs)),
  });
});

it.each([
  ['jobs', 'stream', 'genwarden_tasks', 'The stream of jobs is full'],
  ['artifacts', 'artifacts', 'OBJ_genwarden_artifacts', 'The artifact store is full'],
])('the stream of the %s reaches its limit, which is raised', async (what, place, stream, title) => {
  const world = await startWorld({ behaviour: quick });
  const { client, first } = world;
  await client.wait((await client.submit(anImage('before'))).id);
  const jobs: Submitted[] = [await client.submit(slow('one')), await client.submit(slow('two'))];
  await world.standin.waitFor((requests) => requests.length === 3, 20_000);
  const connection = await connect({ servers: world.nats.url });
  onTestFinished(() => connection.close());
  const { streams } = await jetstreamManager(connection);
  const { config, state } = await streams.info(stream);
  await streams.update(stream, { ...config, max_bytes: state.bytes + 1 });
  const metrics = /metrics on (http:\S+)"/.exec(await first.worker.waitForLine(/metrics on/))![1]!;
  const told = await until(() => tellsOf({ client, job: jobs[0]!.id, metrics }), { what: 'words', timeoutMs: 20_000 });
  for (const words of [told.get, told.explain, told.stuck, told.doctor]) expect(words).toContain(title);
  expect(told.metric).toBe(`genwarden_storage_full{place="${place}"} 1`);
  await streams.update(stream, { ...config, max_bytes: -1 });
  addEdgeRow({ fault: `limit of the stream of ${what}, raised`, ...(await recovered(client, jobs)) });
});

it("a worker's own disk is full: it drops log lines, runs its tasks, and counts the lines once there is room", async () => {
  const disk = await smallDisk(8);
  const world = await startWorld({ behaviour: quick, processes: ['controller', 'api'] });
  const log = disk === undefined ? '/dev/full' : `${disk.path}/worker.log`;
  disk?.fill();
  const env = {
    GENWARDEN_NATS_URL: world.nats.url,
    GENWARDEN_GEMINI_API_KEYS: 'test-key-one',
    GENWARDEN_GEMINI_BASE_URL: world.standin.url,
    GENWARDEN_METRICS_PORT: '0',
  };
  await startProcess('sh', ['-c', `exec ${program} worker > ${log}`], { env });
  // The worker cannot say that it has started.
  await until(async () => (await world.client.workers()).length === 1, { what: 'the worker', timeoutMs: 20_000 });
  const jobs: Submitted[] = [];
  for (let job = 0; job < 5; job += 1) jobs.push(await world.client.submit(anImage(`yard ${job}`)));
  for (const { id } of jobs) expect((await world.client.wait(id)).state).toBe('succeeded');
  disk?.free();
  jobs.push(await world.client.submit(anImage('after')));
  const row = await recovered(world.client, jobs);
  addEdgeRow({ fault: "a worker's own disk full", ...row });
  if (disk === undefined) return;
  const { readFile } = await import('node:fs/promises');
  const written = await until(async () => (await readFile(log, 'utf8')).match(/(\d+) log lines could not be written/), {
    what: 'the line about the dropped lines',
  });
  expect(Number(written[1])).toBeGreaterThan(10);
});
