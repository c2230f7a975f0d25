// Full storage as the adapter sees it: the limits of the account and of the artifact store.

import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { natsArtifactStore, natsJobLog, storageOf } from '../../../src/adapters/nats/index.ts';
import { claimed } from '../../../src/job/transitions.ts';
import { systemClock } from '../../fakes/clock.ts';
import { aJob } from '../../fakes/tasks.ts';
import { infoOf, managerOf } from '../../support/jetStream.ts';
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

test("the store's own limit is known before a worker pays for an artifact", async () => {
  const nats = await openNats();
  const link = await nats.link();
  const store = await natsArtifactStore(link, { retentionMs, clock: systemClock() });
  await store.put('acme', randomBytes(100_000), 'image/png');
  await store.checkRoom();
  const stream = `OBJ_${link.prefix}_artifacts`;
  const { config, state } = await infoOf(link, stream);
  const limit = async (max_bytes: number): Promise<unknown> =>
    (await managerOf(link)).streams.update(stream, { ...config, max_bytes });
  await limit(state.bytes + 1_000);
  await until(() => store.checkRoom().then(never, isStorageFull), { what: 'no room' });
  expect(storageOf(link).full()).toMatchObject({
    place: 'artifacts',
    words: expect.stringMatching(/^99 % of \d+ bytes/),
  });
  await limit(-1);
  await until(() => store.checkRoom().then(() => true), { what: 'room' });
  expect(storageOf(link).full()).toBeUndefined();
});

const never = (): boolean => false;
const isStorageFull = (error: unknown): boolean => (error as { code?: string }).code === 'StorageFull';
