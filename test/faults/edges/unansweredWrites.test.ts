// A nats-server whose disk is full answers everything but writes, also when there is room again, until it restarts.

import { randomBytes } from 'node:crypto';
import { headers } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { natsArtifactStore, natsJobLog, storageOf, type NatsLink } from '../../../src/adapters/nats/index.ts';
import { publishConditionally } from '../../../src/adapters/nats/jetstream/publish.ts';
import { systemClock } from '../../fakes/clock.ts';
import { openNats } from '../../integration/nats/openNats.ts';
import { smallDisk } from '../../support/smallDisk.ts';
import { until } from '../../support/until.ts';

const retentionMs = 3_600_000;
const million = 1_000_000;

test('a server with a full disk answers no write: a user that may purge learns its error, all others what they observe', async ({
  skip,
}) => {
  const disk = await smallDisk(40);
  if (disk === undefined) return skip('A server at its limit answers: only a full disk shows a server that does not.');
  const nats = await openNats({ storeDir: `${disk.path}/store`, maxFileStore: 40 * million });
  const link = await nats.link();
  await natsJobLog(link, { retentionMs });
  const store = await natsArtifactStore(link, { retentionMs, clock: systemClock() });
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
  await expect(store.put('acme', randomBytes(300_000), 'image/png')).rejects.toMatchObject({ code: 'StorageFull' });
  await expect(store.checkRoom()).rejects.toMatchObject({ code: 'StorageFull' });
  disk.free();
  await nats.server.restart();
  await until(() => store.checkRoom().then(() => true), { what: 'room for artifacts' });
  expect(await until(() => write(), { what: 'a write to be stored' })).toMatchObject({ answer: 'stored' });
  expect(storageOf(link).full()).toBeUndefined();
});
