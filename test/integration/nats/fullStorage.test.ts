// Full storage as the adapter sees it: the account's limit, and a server that answers everything but writes.

import { randomBytes } from 'node:crypto';
import { headers } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { natsArtifactStore, natsJobLog, storageOf, type NatsLink } from '../../../src/adapters/nats/index.ts';
import { publishConditionally } from '../../../src/adapters/nats/jetstream/publish.ts';
import { claimed } from '../../../src/job/transitions.ts';
import { systemClock } from '../../fakes/clock.ts';
import { aJob } from '../../fakes/tasks.ts';
import { smallDisk } from '../../support/smallDisk.ts';
import { until } from '../../support/until.ts';
import { openNats } from './openNats.ts';

const retentionMs = 3_600_000;
const million = 1_000_000;

const limited = `
accounts { APP { jetstream: { max_file: ${10 * million} }, users: [{user: app, password: app}] } }
no_auth_user: app
`;

test("artifacts and submits leave a part of the account's storage to statuses", async () => {
  const nats = await openNats({ maxFileStore: 20 * million, config: limited });
  const link = await nats.link();
  const log = await natsJobLog(link, { retentionMs });
  const store = await natsArtifactStore(link, { retentionMs, clock: systemClock() });
  const put = (bytes: number) => store.put('acme', randomBytes(bytes), 'image/png');
  const job = aJob();
  expect((await log.submit(job)).outcome).toBe('stored');
  const { digest } = await put(8.2 * million);
  await until(() => put(1.5 * million).then(never, isStorageFull), { what: 'an artifact to be refused' });
  expect(storageOf(link).full()).toMatchObject({ place: 'account', refuses: 'artifacts' });
  expect(storageOf(link).full()!.words).toMatch(
    /^8\d % of 10000000 bytes are used; the rest is reserved for statuses$/,
  );
  // From 85 % on, submits are refused; from 90 % on, artifacts.
  await put(0.4 * million);
  await until(() => log.submit(aJob()).then(never, isStorageFull), { what: 'a submit to be refused' });
  const running = claimed(job[0]!.state, 'worker-1', 1, Date.now());
  expect(await log.write({ state: running, detail: { message: 'claimed' } }, 1)).toMatchObject({ outcome: 'written' });
  await store.delete('acme', digest);
  await until(() => log.submit(aJob()), { what: 'a submit to be accepted' });
  await store.checkRoom();
  expect(storageOf(link).full()).toBeUndefined();
});

test('a server with a full disk answers no write: a user that may purge learns its error, all others what they observe', async ({
  skip,
}) => {
  const disk = await smallDisk(40);
  if (disk === undefined) return skip('A server at its limit answers: only a full disk shows a server that does not.');
  const nats = await openNats({ storeDir: `${disk.path}/store`, maxFileStore: 40 * million });
  const link = await nats.link();
  await natsJobLog(link, { retentionMs });
  const write = (through = link) => {
    const message = { subject: `${link.prefix}.status.job.-.pool.0`, headers: headers(), body: 'x'.repeat(10_000) };
    return publishConditionally(through, message);
  };
  await write();
  disk.fill();
  await expect(write()).rejects.toThrow(/^The disk of the NATS server is full: write .*: no space left on device/);
  expect(storageOf(link).full()).toMatchObject({ place: 'disk', refuses: 'statuses' });
  const mayNotPurge: NatsLink = {
    ...link,
    permissions: () => ({ ...link.permissions(), mayPublish: () => false }),
  };
  const observed = `it answers reads of the stream ${link.prefix}_tasks, but no longer writes`;
  await expect(write(mayNotPurge)).rejects.toThrow(`The disk of the NATS server is full: ${observed}.`);
  disk.free();
  await nats.server.restart();
  expect(await until(() => write(), { what: 'a write to be stored' })).toMatchObject({ answer: 'stored' });
  expect(storageOf(link).full()).toBeUndefined();
});

const never = (): boolean => false;
const isStorageFull = (error: unknown): boolean => (error as { code?: string }).code === 'StorageFull';
