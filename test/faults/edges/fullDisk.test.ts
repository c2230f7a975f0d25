// Storage that is full: the disk of the NATS server, with and without `genwarden dev` watching it, the stream, the artifact store
// and a worker's own disk. Everything names it, nothing is lost, and everything continues once there is room.

import { mkdirSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, it, onTestFinished } from 'vitest';
import { anImage } from '../../support/installation.ts';
import { startProcess } from '../../support/process.ts';
import { smallDisk, type SmallDisk } from '../../support/smallDisk.ts';
import { until } from '../../support/until.ts';
import { fillServer } from '../support/fillServer.ts';
import { startWorld } from '../support/world.ts';
import { addEdgeRow } from './edgeRows.ts';
import { isRefused, program, recovered, startDevOn, tellsOf, type Dev, type Submitted } from './storage.ts';

const slow = (prompt: string): ReturnType<typeof anImage> => anImage(`${prompt} [standin: image small after 2s]`);
const hanging = { ...anImage('[standin: hang]'), policy: { attemptTimeout: '4s', maxAttempts: 1 } } as const;
const quick = { kind: 'image', bytes: 'small', latencyMs: 50 } as const;

it('dev on a full disk: statuses go to the reserve, results wait, and freed space is used within seconds', async ({
  skip,
}) => {
  const disk = await smallDisk(60);
  if (disk === undefined) return skip('Only a file system that can be filled shows how dev behaves on a full disk.');
  const started = await startDevOn(disk.path);
  const { client, dev, metrics } = started;
  const jobs = await runOnFullDisk(started, disk);
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
  // Each of the three processes once for each full disk.
  const said = dev.lines.filter((line) => line.includes('"storage":"disk"')).length;
  expect([said > 0, said % 3]).toEqual([true, 0]);
  disk.free();
  addEdgeRow({ fault: "full disk of dev's nats-server, freed", ...(await recovered(client, jobs)) });
});

const restarted = /nats-server could not write to the full disk: it was restarted on the reserve/;

/** Tasks run while the disk is filled, and nats-server fails to write. The guard may be faster, so that it stores on: then again. */
async function runOnFullDisk({ client, dev }: Dev, disk: SmallDisk): Promise<Submitted[]> {
  for (let tries = 1; ; tries += 1) {
    const jobs: Submitted[] = [];
    for (const request of [slow('one'), slow('two'), hanging]) jobs.push(await client.submit(request));
    for (const { id } of jobs) {
      await until(async () => (await client.get(id)).state === 'running', { what: 'all tasks to run' });
    }
    disk.fill();
    await until(() => isRefused(client), { what: 'a submit to be refused' });
    const written = dev.waitForLine(restarted, 5_000).then(() => false);
    if (!(await (tries < 5 ? written.catch(() => true) : written))) return jobs;
    disk.free();
    for (const { id } of jobs) await client.wait(id);
    await until(async () => !(await isRefused(client)), { what: 'a submit to be taken' });
  }
}

it('a full disk of any NATS server: the server stores nothing until it restarts, and everybody says why', async () => {
  const disk = await smallDisk(60);
  const natsOptions = { maxFileStore: 6e7, ...(disk && { storeDir: `${disk.path}/store` }) };
  const world = await startWorld({ behaviour: quick, natsOptions });
  const { client, first } = world;
  const jobs: Submitted[] = [];
  for (const request of [slow('one'), slow('two'), hanging]) jobs.push(await client.submit(request));
  await world.standin.waitFor((requests) => requests.length === 3, 20_000);
  disk?.fill();
  const free = disk === undefined ? await fillServer(world.nats) : undefined;
  const metrics = /metrics on (http:\S+)"/.exec(await first.worker.waitForLine(/metrics on/))![1]!;
  const told = await until(() => tellsOf({ client, job: jobs[2]!.id, metrics }), { what: 'words', timeoutMs: 20_000 });
  const [place, title] = disk
    ? ['disk', 'The disk of the NATS server is full']
    : ['server', 'The NATS server has reached its storage limit'];
  const full = `The storage of NATS is full since <time>: ${title} (`;
  expect(told.get).toContain(full);
  expect(told.explain).toContain(full);
  expect(told.stuck).toContain(full);
  expect(told.doctor).toContain('nothing can be stored');
  expect(told.metric).toBe(`genwarden_storage_full{place="${place}"} 1`);
  expect(first.worker.lines.filter((line) => line.includes(`"storage":"${place}","refuses":"statuses"`))).toHaveLength(
    1,
  );
  disk?.free();
  // As the liveness probe of the chart does; a server at its limit needs no restart.
  await (free?.() ?? world.nats.restart());
  const fault = disk ? 'full disk of an external nats-server, freed and restarted' : 'nats-server at its limit, freed';
  addEdgeRow({ fault, ...(await recovered(client, jobs)) });
});

it('the streams of the jobs and of the artifacts reach their limits, which are raised', async () => {
  const world = await startWorld({ behaviour: quick });
  const { client, first } = world;
  const metrics = /metrics on (http:\S+)"/.exec(await first.worker.waitForLine(/metrics on/))![1]!;
  const connection = await connect({ servers: world.nats.url });
  onTestFinished(() => connection.close());
  const { streams } = await jetstreamManager(connection);
  await client.wait((await client.submit(anImage('before'))).id);
  for (const [place, stream, title] of [
    ['stream', 'genwarden_tasks', 'The stream of jobs is full'],
    ['artifacts', 'OBJ_genwarden_artifacts', 'The artifact store is full'],
  ] as const) {
    const calls = world.standin.requests.length;
    const jobs: Submitted[] = [await client.submit(slow('one')), await client.submit(slow('two'))];
    await world.standin.waitFor((requests) => requests.length === calls + 2, 20_000);
    const { config, state } = await streams.info(stream);
    await streams.update(stream, { ...config, max_bytes: state.bytes + 1 });
    const told = await until(() => tellsOf({ client, job: jobs[0]!.id, metrics }), {
      what: 'words',
      timeoutMs: 20_000,
    });
    for (const words of [told.get, told.explain, told.stuck, told.doctor]) expect(words).toContain(title);
    expect(told.metric).toBe(`genwarden_storage_full{place="${place}"} 1`);
    await streams.update(stream, { ...config, max_bytes: -1 });
    addEdgeRow({ fault: `limit of the stream ${stream}, raised`, ...(await recovered(client, jobs)) });
  }
});

it("a worker's own disk is full: it drops log lines and runs its tasks; a download there leaves no half file", async () => {
  const disk = await smallDisk(8);
  const world = await startWorld({ processes: ['controller', 'api'], behaviour: { kind: 'image', latencyMs: 50 } });
  const log = disk === undefined ? '/dev/full' : `${disk.path}/worker.log`;
  const to = `${disk?.path}/pictures`;
  if (disk !== undefined) mkdirSync(to);
  disk?.fill();
  const env = {
    GENWARDEN_NATS_URL: world.nats.url,
    GENWARDEN_GEMINI_API_KEYS: 'test-key-one',
    GENWARDEN_GEMINI_BASE_URL: world.standin.url,
    GENWARDEN_METRICS_PORT: '0',
  };
  await startProcess('sh', ['-c', `exec ${program} worker > ${log}`], { env });
  // The worker cannot log that it has started.
  await until(async () => (await world.client.workers()).length === 1, { what: 'the worker', timeoutMs: 20_000 });
  const jobs: Submitted[] = [];
  for (let job = 0; job < 5; job += 1) jobs.push(await world.client.submit(anImage(`yard ${job}`)));
  for (const { id } of jobs) expect((await world.client.wait(id)).state).toBe('succeeded');
  if (disk !== undefined) {
    const { code, stderr } = await download(world.url, jobs[0]!.id, to);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `genwarden: ${to}/image.png was not saved: the disk is full\n  DiskFull: Free space on the disk that the message names, or choose a folder on another disk. Then run the command again.`,
    });
    expect(readdirSync(to)).toEqual([]);
    disk.free();
    expect((await download(world.url, jobs[0]!.id, to)).code).toBe(0);
    expect(readdirSync(to).sort()).toEqual(['image.png', 'metadata.json', 'thumbnail.jpg']);
  }
  jobs.push(await world.client.submit(anImage('after')));
  addEdgeRow({ fault: "full disk of a worker's log", ...(await recovered(world.client, jobs)) });
  if (disk === undefined) return;
  const written = await until(async () => /(\d+) log lines could not be written/.exec(await readFile(log, 'utf8')), {
    what: 'the line about the dropped lines',
  });
  expect(Number(written[1])).toBeGreaterThan(10);
});

async function download(url: string, job: string, to: string): Promise<{ code: number | null; stderr: string }> {
  const ran = await startProcess(program, ['download', job, '--to', to], { env: { GENWARDEN_URL: url } });
  return { code: (await ran.exited).code, stderr: ran.stderr.join('\n') };
}
