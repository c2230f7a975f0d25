// The S3 artifact store away, full, slow, without its bucket, or refusing keys and clock, while jobs run: everything names the
// cause, paid results are kept and stored afterwards, and what needs no artifacts continues.

import { renameSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Job } from '../../../src/client/index.ts';
import { anImage } from '../../support/installation.ts';
import type { TestProcess } from '../../support/process.ts';
import { startS3Server, type S3Server } from '../../support/s3Server.ts';
import { smallDisk, type SmallDisk } from '../../support/smallDisk.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { until } from '../../support/until.ts';
import { startWorld, type FaultWorld } from '../support/world.ts';
import { addEdgeRow } from './edgeRows.ts';
import { outcomesOf } from './outcomes.ts';
import { tellsOf } from './storage.ts';

interface Store {
  readonly server: S3Server;
  readonly disk: SmallDisk | undefined;
  /** The file with the secret that the processes use. */
  readonly secretFile: string;
}

interface StoreFault {
  readonly fault: string;
  readonly place: string;
  readonly words: RegExp;
  readonly begin: (store: Store) => void;
  readonly end: (store: Store) => void;
}

const heal = ({ server }: Store): void => server.proxy.fail(undefined);
const answering =
  (status: number, code: string, headers = {}) =>
  (store: Store) =>
    store.server.proxy.fail({ how: { status, code, headers } });

const faults: readonly StoreFault[] = [
  {
    fault: 'S3 refuses connections',
    place: 's3-away',
    words: /does not answer as it should \(bucket artifacts at http:\S+: (ECONN|Error|.*socket hang up)/,
    begin: ({ server }) => server.proxy.fail({ how: 'refuse' }),
    end: heal,
  },
  {
    fault: 'the bucket of S3 vanishes and returns',
    place: 's3-bucket',
    words: /does not exist \(bucket artifacts at http:\S+: HTTP 404 NoSuchBucket/,
    begin: ({ server }) => renameSync(`${server.folder}/artifacts`, `${server.folder}/elsewhere`),
    end: ({ server }) => renameSync(`${server.folder}/elsewhere`, `${server.folder}/artifacts`),
  },
  {
    fault: 'the secret of S3 is wrong, and its file is corrected',
    place: 's3-access',
    words: /refuses the credentials \(bucket artifacts at http:\S+: HTTP 403 SignatureDoesNotMatch/,
    begin: ({ secretFile }) => writeFileSync(secretFile, 'wrong'),
    end: ({ secretFile, server }) => writeFileSync(secretFile, `${server.secretAccessKey}\n`),
  },
  {
    fault: 'S3 refuses the clock',
    place: 's3-clock',
    words: /refuses this machine's clock \(bucket artifacts at http:\S+: HTTP 403 RequestTimeTooSkewed/,
    begin: answering(403, 'RequestTimeTooSkewed'),
    end: heal,
  },
  {
    fault: 'S3 is full, and room is made',
    place: 's3-full',
    words: /The S3 artifact store is full \(bucket artifacts at http:/,
    begin: (store) => (store.disk === undefined ? answering(507, 'XMinioStorageFull')(store) : store.disk.fill()),
    end: (store) => (store.disk === undefined ? heal(store) : store.disk.free()),
  },
];

it('every fault of S3 is named and survived, and no result is paid twice', async () => {
  const disk = await smallDisk(40);
  await using server = await startS3Server(disk === undefined ? {} : { folder: disk.path });
  await using keys = await tempFolder('keys');
  const store = { server, disk, secretFile: `${keys.path}/secret` };
  writeFileSync(store.secretFile, server.secretAccessKey);
  const secret = { GENWARDEN_S3_SECRET_ACCESS_KEY: undefined, GENWARDEN_S3_SECRET_ACCESS_KEY_FILE: store.secretFile };
  const world = await startWorld({ env: { ...server.env, ...secret } });
  const metrics = /metrics on (http:\S+)"/.exec(await world.first.worker.waitForLine(/metrics on/))![1]!;
  for (const fault of faults) await survive(world, store, fault, metrics);
  await longer(world, store);
  await slowly(world, store);
});

const paid = (prompt: string, after = '1s') =>
  anImage(`${prompt} [standin: image small after ${after}]`, { labels: { project: 'p42' } });

async function survive(world: FaultWorld, store: Store, fault: StoreFault, metrics: string): Promise<void> {
  const { client, standin } = world;
  const calls = standin.requests.length;
  // Longer than workers use a secret before they read its file again, and than two submits take.
  const running: Job[] = [await client.submit(paid('one', '4s')), await client.submit(paid('two', '4s'))];
  await standin.waitFor((requests) => requests.length === calls + 2, 20_000);
  fault.begin(store);
  const told = await until(() => tellsOf({ client, job: running[0]!.id, metrics }), {
    what: `words about: ${fault.fault}`,
    timeoutMs: 30_000,
  });
  for (const words of [told.get, told.explain, told.stuck, told.doctor]) expect(words).toMatch(fault.words);
  expect(told.metric).toBe(`genwarden_storage_full{place="${fault.place}"} 1`);
  expect(await (await fetch(metrics.replace('/metrics', '/readyz'))).text()).toMatch(fault.words);
  const queued = await client.submit(anImage('three'));
  const text = await client.wait((await client.submit({ kind: 'text', input: { prompt: 'a haiku' } })).id);
  // No worker pays for a picture that could not be stored.
  expect((await client.get(queued.id)).state).toBe('queued');
  fault.end(store);
  const endedAt = Date.now();
  const ids = [...running, queued].map(({ id }) => id);
  const ended = await Promise.all(ids.map((id) => client.wait(id)));
  const recoveredAfterMs = Date.now() - endedAt;
  const wrong = ended.filter(({ state, tasks }) => state !== 'succeeded' || tasks![0]!.attempt !== 1);
  const lost = await Promise.all(ended.map((job) => isLost(world, job)));
  // Two pictures before, one after, and the text.
  expect(standin.requests.length - calls).toBe(4);
  const outcomes = await outcomesOf(client, [...ids, text.id]);
  addEdgeRow({
    fault: fault.fault,
    ...outcomes,
    lost: outcomes.lost + lost.filter(Boolean).length,
    innocentsHarmed: wrong.length + (text.state === 'succeeded' ? 0 : 1),
    recoveredAfterMs,
  });
  expect([wrong, lost.filter(Boolean), text.state]).toEqual([[], [], 'succeeded']);
}

async function isLost({ client }: FaultWorld, { id, tasks }: Job): Promise<boolean> {
  const { digest } = tasks![0]!.artifacts.find(({ name }) => name === 'image')!;
  return (await client.downloadArtifact(id, 0, 'image')).digest !== digest;
}

/** Longer than the attempt may take: the controller requeues the tasks, and their worker still has the pictures. */
async function longer({ client, standin, start, first }: FaultWorld, { server }: Store): Promise<void> {
  const workers = [first.worker, await start('worker')];
  const calls = standin.requests.length;
  // Longer than a loaded machine takes to draw three pictures: a picture that comes after its attempt is paid for again.
  const policy = { attemptTimeout: '8s', backoff: { initial: '100ms', max: '100ms' } };
  const jobs = await Promise.all(['one', 'two', 'three'].map((prompt) => client.submit({ ...paid(prompt), policy })));
  await standin.waitFor((requests) => requests.length === calls + 3, 20_000);
  server.proxy.fail({ how: 'refuse' });
  const ids = jobs.map(({ id }) => id);
  const isQueued = async (id: string): Promise<boolean> => (await client.get(id)).state === 'queued';
  await until(async () => (await Promise.all(ids.map(isQueued))).every(Boolean), {
    what: 'the controller to requeue all of them',
    timeoutMs: 30_000,
  });
  // Both hold no task back before they know.
  for (const worker of workers) await knowsThatS3IsAway(worker);
  server.proxy.fail(undefined);
  const endedAt = Date.now();
  const ended = await Promise.all(ids.map((id) => client.wait(id)));
  const recoveredAfterMs = Date.now() - endedAt;
  const wrong = ended.filter(({ state }) => state !== 'succeeded');
  const paidTwice = standin.requests.length - calls - 3;
  addEdgeRow({
    fault: 'S3 away for longer than the attempts may take',
    ...(await outcomesOf(client, ids)),
    innocentsHarmed: wrong.length + paidTwice,
    recoveredAfterMs,
  });
  expect([wrong, paidTwice]).toEqual([[], 0]);
}

async function knowsThatS3IsAway(worker: TestProcess): Promise<void> {
  const metrics = /metrics on (http:[^"]+)"/.exec(await worker.waitForLine(/metrics on/))![1]!;
  await until(async () => (await (await fetch(metrics)).text()).includes('storage_full{place="s3-away"} 1'), {
    what: 'a worker to notice that S3 is away',
    timeoutMs: 30_000,
  });
}

/** Slowness is no fault: nothing is named, and everything ends. */
async function slowly(world: FaultWorld, { server }: Store): Promise<void> {
  const { client } = world;
  server.proxy.fail({ how: 700 });
  const jobs = await Promise.all(Array.from({ length: 4 }, () => client.submit(anImage('slow'))));
  const ids = jobs.map(({ id }) => id);
  const ended = await Promise.all(ids.map((id) => client.wait(id)));
  server.proxy.fail(undefined);
  const wrong = ended.filter(({ state, tasks }) => state !== 'succeeded' || tasks![0]!.attempt !== 1);
  addEdgeRow({
    fault: 'S3 answers each request 0.7 s late',
    ...(await outcomesOf(client, ids)),
    innocentsHarmed: wrong.length,
    recoveredAfterMs: undefined,
  });
  expect(wrong).toEqual([]);
}
