// A busy nats-server that is late with its answers has no full disk. test/faults/edges fills a real one.

import { expect, test } from 'vitest';
import { natsJobLog, storageOf, type NatsLink } from '../../../src/adapters/nats/index.ts';
import { NoAnswer } from '../../../src/adapters/nats/jetstream/errors.ts';
import { fullDisk } from '../../../src/adapters/nats/jetstream/unansweredWrites.ts';
import { openNats } from './openNats.ts';

const late = new NoAnswer('timeout');

test('writes that were answered too late are no full disk, to a user that may purge and to one that may not', async () => {
  const nats = await openNats();
  const link = await nats.link();
  await natsJobLog(link, { retentionMs: 3_600_000 });
  const stream = `${link.prefix}_tasks`;
  for (let write = 0; write < 4; write += 1) expect(await fullDisk(link, stream, late)).toBeUndefined();
  const mayNotPurge: NatsLink = {
    ...link,
    permissions: () => ({ ...link.permissions(), mayPublish: () => false }),
  };
  // They end one after the other, but each was sent before the first had no answer.
  for (let write = 0; write < 4; write += 1) expect(await fullDisk(mayNotPurge, stream, late)).toBeUndefined();
  expect(storageOf(link).full()).toBeUndefined();
});
