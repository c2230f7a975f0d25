// Artifacts on a real server: leftovers, replacement during a read, a full disk, a server that goes away.

import { createHash, randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { jetstream } from '@nats-io/jetstream';
import { Objm } from '@nats-io/obj';
import { expect, test } from 'vitest';
import { systemClock, virtualClock } from '../../fakes/clock.ts';
import { jobIdFrom } from '../../../src/job/ids.ts';
import { natsArtifactStore, type NatsLink } from '../../../src/adapters/nats/index.ts';
import { testLink } from '../../conformance/ports.ts';
import { startTcpProxy } from '../../faults/support/tcpProxy.ts';
import { infoOf, managerOf } from '../../support/jetStream.ts';
import { until } from '../../support/until.ts';
import { openNats } from './openNats.ts';

async function open(options: Parameters<typeof openNats>[0] = {}) {
  const { server, prefix, link: newLink } = await openNats(options);
  const link = await newLink();
  const stream = `OBJ_${prefix}_artifacts`;
  const stored = async (): Promise<number> => (await infoOf(link, stream)).state.messages;
  return { server, prefix, link, newLink, stream, stored };
}

const settings = { retentionMs: 3_600_000, clock: systemClock() };

test('other NATS clients can read the bucket', async () => {
  const { link, prefix } = await open();
  const store = await natsArtifactStore(link, settings);
  const bytes = randomBytes(300_000);
  const { digest } = await store.put('acme', bytes, 'image/png');
  const bucket = await new Objm(link.connection).open(`${prefix}_artifacts`);
  const info = await bucket.info(`acme/${digest}`);
  expect(info).toMatchObject({ size: 300_000, chunks: 3, deleted: false });
  expect(Buffer.compare((await bucket.getBlob(`acme/${digest}`))!, bytes)).toBe(0);
});

test('artifacts expire an hour after the jobs', async () => {
  const { link, stream } = await open();
  await natsArtifactStore(link, settings);
  expect((await infoOf(link, stream)).config.max_age).toBe(7_200_000 * 1e6);
});

test('recent bytes are not stored again; older ones are replaced without leftovers', async () => {
  const { link, stored } = await open();
  const clock = virtualClock(Date.now());
  const store = await natsArtifactStore(link, { ...settings, clock });
  const bytes = randomBytes(300_000);
  const { digest } = await store.put('acme', bytes, 'image/png');
  const before = (await infoOf(link, `OBJ_${link.prefix}_artifacts`)).state.last_seq;
  await store.put('acme', bytes, 'image/png');
  expect((await infoOf(link, `OBJ_${link.prefix}_artifacts`)).state.last_seq).toBe(before);
  clock.skip(3_600_000);
  await store.put('acme', bytes, 'image/png');
  expect((await infoOf(link, `OBJ_${link.prefix}_artifacts`)).state.last_seq).toBe(before + 4);
  expect(await stored()).toBe(4);
  expect(Buffer.compare((await store.read('acme', digest))!, bytes)).toBe(0);
});

test('a kept reference outlives its own retention: recent bytes are marked, older ones stored again', async () => {
  const { link, stored, stream } = await open();
  const clock = virtualClock(Date.now());
  const store = await natsArtifactStore(link, { ...settings, clock });
  const bytes = randomBytes(1_200_000);
  const place = { job: jobIdFrom(randomBytes(32)), task: 0, name: 'image', labels: {}, expiresAt: clock.now() };
  const { digest } = await store.put('acme', bytes, 'image/png', { place });
  const sequence = async (): Promise<number> => (await infoOf(link, stream)).state.last_seq;
  const before = await sequence();
  const keep = () => store.keep('acme', digest, clock.now() + settings.retentionMs);
  await keep();
  await keep();
  expect(await sequence()).toBe(before + 1);
  // The objects of a job that is submitted now expire an hour after it; these chunks would expire before it ends.
  clock.skip(3_600_000);
  await keep();
  expect(await sequence()).toBe(before + 1 + 11);
  expect(await stored()).toBe(11);
  expect(Buffer.compare((await store.read('acme', digest))!, bytes)).toBe(0);
  expect(store.traffic().write).toEqual({ bytes: 0, waiting: 0 });
});

test('artifacts of an earlier version, which name no users, are deleted with their job, but not once another job uses them', async () => {
  const { link, prefix } = await open();
  const store = await natsArtifactStore(link, settings);
  const jobs = [jobIdFrom(randomBytes(32)), jobIdFrom(randomBytes(32))] as const;
  const places = jobs.map((job) => ({ job, task: 0, name: 'image', labels: {}, expiresAt: Date.now() }));
  const asBefore = async (bytes: Buffer): Promise<string> => {
    const { digest } = await store.put('acme', bytes, 'image/png');
    await withoutUsers(link, prefix, `acme/${digest}`);
    return digest;
  };
  const alone = await asBefore(randomBytes(1_000));
  await store.delete('acme', alone, { job: jobs[0] });
  expect(await store.find('acme', alone)).toBeUndefined();
  const bytes = randomBytes(1_000);
  const shared = await asBefore(bytes);
  await store.put('acme', bytes, 'image/png', { place: places[1]! });
  await store.delete('acme', shared, { job: jobs[0] });
  expect(await store.find('acme', shared)).toBeDefined();
});

/** The record as the version before wrote it. */
async function withoutUsers(link: NatsLink, prefix: string, name: string): Promise<void> {
  const bucket = await new Objm(link.connection).open(`${prefix}_artifacts`);
  const { metadata = {} } = (await bucket.info(name))!;
  delete metadata['users'];
  await bucket.update(name, { name, metadata });
}

test('two puts at once leave one record and only its chunks', async () => {
  const { link, newLink, stored } = await open();
  const stores = [await natsArtifactStore(link, settings), await natsArtifactStore(await newLink(), settings)];
  for (let round = 1; round <= 10; round += 1) {
    const bytes = randomBytes(300_000);
    const [one] = await Promise.all(stores.map((store) => store.put('acme', bytes, 'image/png')));
    expect(Buffer.compare((await stores[1]!.read('acme', one!.digest))!, bytes)).toBe(0);
    expect(await stored()).toBe(round * 4);
  }
});

test('a reader continues when the artifact is replaced during the read', async () => {
  const { link } = await open();
  const clock = virtualClock(Date.now());
  const store = await natsArtifactStore(link, { ...settings, clock });
  const bytes = randomBytes(5_000_000);
  const { digest } = await store.put('acme', bytes, 'image/png');
  const stream = (await store.stream('acme', digest))!;
  const parts: Buffer[] = [];
  for await (const part of stream) {
    parts.push(part as Buffer);
    if (parts.length !== 2) continue;
    clock.skip(3_600_000);
    await store.put('acme', bytes, 'image/png');
  }
  expect(Buffer.compare(Buffer.concat(parts), bytes)).toBe(0);
});

test('a download continues where it was after NATS was killed and restarted, and holds nothing meanwhile', async () => {
  const { server, link } = await open();
  const store = await natsArtifactStore(link, settings);
  const bytes = randomBytes(5_000_000);
  const { digest } = await store.put('acme', bytes, 'image/png');
  const parts: Buffer[] = [];
  for await (const part of (await store.stream('acme', digest))!) {
    parts.push(part as Buffer);
    if (parts.length !== 6) continue;
    server.kill('SIGKILL');
    await server.exited;
    await until(() => !link.connected(), { what: 'the loss' });
    void server.restart();
  }
  expect(Buffer.compare(Buffer.concat(parts), bytes)).toBe(0);
  expect(store.traffic().read).toEqual({ bytes: 0, waiting: 0 });
});

test('artifacts have a connection to themselves: its loss in the middle of a download harms nothing', async () => {
  const { server, link } = await open();
  const proxy = await startTcpProxy(server.port);
  const another = (purpose: string): Promise<NatsLink> => testLink(proxy.url, link.prefix, purpose);
  const store = await natsArtifactStore({ ...link, another }, settings);
  let losses = 0;
  link.onStatus(() => (losses += 1));
  const bytes = randomBytes(3_000_000);
  const { digest } = await store.put('acme', bytes, 'image/png');
  const parts: Buffer[] = [];
  for await (const part of (await store.stream('acme', digest))!) {
    parts.push(part as Buffer);
    if (parts.length % 6 === 0) proxy.cut();
  }
  expect(Buffer.compare(Buffer.concat(parts), bytes)).toBe(0);
  expect(losses).toBe(0);
});

test('altered bytes are an error, not a picture', async () => {
  const { link, prefix, stream } = await open();
  const store = await natsArtifactStore(link, settings);
  const [real, wrong] = [randomBytes(1_000), randomBytes(1_000)];
  const { digest } = await store.put('acme', real, 'image/png');
  const bucket = await new Objm(link.connection).open(`${prefix}_artifacts`);
  const { nuid } = (await bucket.info(`acme/${digest}`))!;
  await (await managerOf(link)).streams.purge(stream, { filter: `$O.${prefix}_artifacts.C.${nuid}` });
  await jetstream(link.connection).publish(`$O.${prefix}_artifacts.C.${nuid}`, wrong);
  await expect(store.read('acme', digest)).rejects.toMatchObject({ code: 'ArtifactStoreFailed' });
  await (await managerOf(link)).streams.purge(stream, { filter: `$O.${prefix}_artifacts.C.${nuid}` });
  await expect(store.read('acme', digest)).rejects.toThrow(/incomplete: 0 of 1000 bytes/);
  await expect(buffer((await store.stream('acme', digest))!)).rejects.toThrow(/incomplete/);
});

test('full storage fails with StorageFull and leaves no partial artifact', async () => {
  const { link } = await open({ maxFileStore: 2_000_000 });
  const store = await natsArtifactStore(link, settings);
  const bytes = randomBytes(4_000_000);
  const failure = store.put('acme', bytes, 'image/png');
  await expect(failure).rejects.toMatchObject({ code: 'StorageFull' });
  await expect(failure).rejects.toThrow(/full/);
  expect(await store.find('acme', `sha256:${createHash('sha256').update(bytes).digest('hex')}`)).toBeUndefined();
});

test('without NATS a put fails at once; after NATS is back it succeeds', async () => {
  const { server, link } = await open();
  const store = await natsArtifactStore(link, settings);
  const bytes = randomBytes(500_000);
  server.kill('SIGKILL');
  await until(() => !link.connected(), { what: 'the loss' });
  await expect(store.put('acme', bytes, 'image/png')).rejects.toMatchObject({
    code: 'Unavailable',
    message: 'The connection for artifacts to NATS is lost.',
  });
  await server.restart();
  await link.whenConnected(never);
  const { digest } = await until(() => store.put('acme', bytes, 'image/png'), { what: 'JetStream to be back' });
  expect(Buffer.compare((await store.read('acme', digest))!, bytes)).toBe(0);
});

const never = new AbortController().signal;
