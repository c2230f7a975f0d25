// Settings of the streams that NATS refuses: what exists keeps its settings, work continues, and the numbers are named.

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { natsInstallationProbe, provisionNats, type NatsLink } from '../../src/adapters/nats/index.ts';
import { retryKeptSettings } from '../../src/adapters/nats/provision.ts';
import { ensureTaskStream } from '../../src/adapters/nats/stream/taskStream.ts';
import { infoOf, managerOf } from '../support/jetStream.ts';
import { startNatsCluster, type NatsCluster } from '../support/natsCluster.ts';
import { startNatsServer } from '../support/natsServer.ts';
import { connectAs, startPermittedNats } from '../support/permittedNats.ts';
import { until } from '../support/until.ts';
import { connectTo } from './jobLogAdapters.ts';

const hour = 3_600_000;
const settings = { retentionMs: 24 * hour };
const mb = 1_000_000;

interface Logged {
  readonly event?: string;
  readonly setting?: string;
}

/** A link with other settings, and what it logs from now on. */
function changed(link: NatsLink, over: Partial<NatsLink>): { readonly link: NatsLink; readonly logged: Logged[] } {
  const logged: Logged[] = [];
  const log = { ...link.log, warn: (fields: object) => void logged.push(fields) };
  return { link: { ...link, log, kept: new Map(), ...over }, logged };
}

const texts = ({ kept }: NatsLink): string[] => [...kept.values()];

describe('three servers, and an account that may store 40 MiB', () => {
  let cluster: NatsCluster;
  beforeAll(async () => {
    const account = 'A { jetstream: {max_file: 40MiB, max_memory: 10MB}, users: [{user: a, password: a}] }';
    cluster = await startNatsCluster(3, { config: `accounts { ${account} }\nno_auth_user: a` });
  });
  afterAll(() => cluster.stop());

  async function installation(prefix: string): Promise<NatsLink> {
    const link = await connectTo(cluster.urls, prefix, 3);
    onTestFinished(async () => {
      const { streams } = await managerOf(link);
      for await (const { config } of streams.list()) await streams.delete(config.name);
      await link.close();
    });
    return link;
  }

  const tooMuch =
    'that needs 60 MB for 3 replicas, and the NATS account allows 40 MiB. ' +
    "Set it (chart: nats.streamMaxBytes) to at most 13.9MB, or raise the account's max_file to 60 MB.";

  test('a limit that the account does not allow leaves the stream as it is, and says the numbers once', async () => {
    const link = await installation('keeps');
    await provisionNats({ ...link, maxBytes: 10 * mb }, settings);
    const { link: controller, logged } = changed(link, { maxBytes: 20 * mb });
    await provisionNats(controller, settings);
    await provisionNats(controller, settings);
    expect((await infoOf(link, 'keeps_tasks')).config.max_bytes).toBe(10 * mb);
    expect(texts(controller)).toEqual([
      `keeps_tasks keeps its limit of 10 MB, but GENWARDEN_NATS_MAX_BYTES is 20 MB: ${tooMuch}`,
    ]);
    expect(logged).toMatchObject([
      { event: 'stream_setting_kept', setting: 'max_bytes', wanted: 20 * mb, keeps: 10 * mb },
    ]);
  });

  test('a new stream gets the largest limit that the account has room for', async () => {
    const link = await installation('creates');
    const { link: controller } = changed(link, { maxBytes: 20 * mb });
    await provisionNats(controller, settings);
    const { config } = await infoOf(link, 'creates_tasks');
    expect(config).toMatchObject({ max_bytes: Math.floor((0.9 * 40 * 2 ** 20) / 3), num_replicas: 3 });
    expect(texts(controller)[0]).toContain(
      `keeps its limit of 12 MiB, but GENWARDEN_NATS_MAX_BYTES is 20 MB: ${tooMuch}`,
    );
  });

  test('other processes do not wait, and the doctor names the numbers', async () => {
    const link = await installation('looks');
    await provisionNats({ ...link, maxBytes: 10 * mb }, settings);
    const probe = natsInstallationProbe({ ...link, maxBytes: 20 * mb }, { ...settings, urls: cluster.urls });
    const { unsuitable, kept } = await probe.nats();
    expect(unsuitable).toBeUndefined();
    expect(kept!.map(({ says, advice }) => `${says}. ${advice}`).join()).toContain(tooMuch);
  });

  test('what the account allows later is applied without a restart', async () => {
    const link = await installation('later');
    const { streams } = await managerOf(link);
    await streams.add({ name: 'other', subjects: ['other'], max_bytes: 5 * mb, num_replicas: 3 });
    const { link: controller } = changed(link, { maxBytes: 10 * mb });
    await provisionNats(controller, settings);
    expect(texts(controller)[0]).toContain(
      'allows 40 MiB, of which other streams reserve at least 5 MB; NATS refused it',
    );
    const retrying = retryKeptSettings(controller, settings, 20);
    onTestFinished(() => retrying.close());
    await streams.delete('other');
    await until(() => controller.kept.size === 0, { what: 'the limit to be applied' });
    expect((await infoOf(link, 'later_tasks')).config.max_bytes).toBe(10 * mb);
  });

  test('more replicas than there are servers leave the streams as they are', async () => {
    const link = await installation('copies');
    await provisionNats(link, settings);
    const { link: controller } = changed(link, { replicas: 5 });
    await provisionNats(controller, settings);
    expect(texts(controller)).toHaveLength(8);
    expect(texts(controller).at(-1)).toMatch(
      /^copies_tasks has 3 copies of each message, but GENWARDEN_NATS_REPLICAS is 5: NATS refused the change \(no suitable peers/,
    );
  });

  test('all streams get the replicas of a cluster that has grown', async () => {
    const link = await installation('grown');
    await provisionNats({ ...link, replicas: 1 }, settings);
    await provisionNats(link, settings);
    for await (const { config } of (await managerOf(link)).streams.list()) expect(config.num_replicas).toBe(3);
    expect(link.kept.size).toBe(0);
  });
});

test('a single server keeps its one copy, and nobody waits for more', async () => {
  await using server = await startNatsServer();
  const link = await connectTo([server.url], 'alone');
  await provisionNats(link, settings);
  const { link: controller } = changed(link, { replicas: 3 });
  await provisionNats(controller, settings);
  expect(texts(controller).join()).toContain(
    'alone_tasks has one copy of each message, but GENWARDEN_NATS_REPLICAS is 3',
  );
});

test("a limit beyond the server's own storage is halved until it fits", async () => {
  await using server = await startNatsServer({ maxFileStore: 40 * mb });
  const link = await connectTo([server.url], 'halved');
  const { link: controller } = changed(link, { maxBytes: 100 * mb });
  await provisionNats(controller, settings);
  expect((await infoOf(link, 'halved_tasks')).config.max_bytes).toBe(25 * mb);
  expect(texts(controller)[0]).toContain(
    'that needs 100 MB; NATS refused it (insufficient storage resources available)',
  );
  expect(texts(controller)[0]).toContain('max_file_store');
});

test('a raised retention raises the expiry of every stream', async () => {
  await using server = await startNatsServer();
  const link = await connectTo([server.url], 'raised');
  await provisionNats(link, settings);
  await provisionNats(link, { retentionMs: 48 * hour });
  for (const name of ['raised_tasks', 'raised_webhooks', 'OBJ_raised_artifacts']) {
    expect((await infoOf(link, name)).config.max_age).toBe(49 * hour * 1e6);
  }
});

test('a lowered retention lowers the age of all streams once the jobs of before have expired', async () => {
  await using server = await startNatsServer();
  const link = await connectTo([server.url], 'lowered');
  await provisionNats(link, settings);
  const { link: controller } = changed(link, {});
  const { streams } = await managerOf(link);
  const names = ['lowered_tasks', 'lowered_webhooks', 'OBJ_lowered_artifacts'];
  const mark = 'genwarden.max-age-longer-since';
  for (const name of names) {
    await provisionNats(controller, { retentionMs: 2 * hour });
    const { config } = await infoOf(link, name);
    expect(config.max_age).toBe(25 * hour * 1e6);
    const [wanted, since] = config.metadata![mark]!.split(' ');
    const earlier = new Date(Date.parse(since!) - 25 * hour).toISOString();
    await streams.update(name, { ...config, metadata: { ...config.metadata, [mark]: `${wanted} ${earlier}` } });
  }
  await provisionNats(controller, { retentionMs: 2 * hour });
  for (const name of names) {
    const { config } = await infoOf(link, name);
    expect(config.max_age).toBe(3 * hour * 1e6);
    expect(config.metadata).not.toHaveProperty([mark]);
  }
  expect(texts(controller)).toEqual([]);
});

test('a limit on the size of messages is removed', async () => {
  await using server = await startNatsServer();
  const link = await connectTo([server.url], 'sizes');
  await provisionNats(link, settings);
  const { streams } = await managerOf(link);
  await streams.update('sizes_tasks', { ...(await infoOf(link, 'sizes_tasks')).config, max_msg_size: 1_000 });
  await provisionNats(link, settings);
  expect((await infoOf(link, 'sizes_tasks')).config.max_msg_size).toBe(-1);
});

test('a user who may not raise an expiry works on, and says so; the others do not wait', async () => {
  const prefix = 'older';
  const nats = await startPermittedNats({
    prefix,
    edit: (text) => text.replaceAll(/"\$JS\.API\.STREAM\.UPDATE\.[^"]+"/g, ''),
  });
  const { link } = await connectAs(nats, 'controller', prefix);
  await provisionNats(link, settings);
  await provisionNats(link, { retentionMs: 48 * hour });
  expect(texts(link)).toContainEqual(
    "OBJ_older_artifacts keeps messages for 1 day 1 h, but GENWARDEN_RETENTION needs 2 days 1 h: NATS refused the change (this process's NATS user may not change it). Raise max_age with `nats stream edit OBJ_older_artifacts`.",
  );
  const { link: api } = await connectAs(nats, 'api', prefix);
  await ensureTaskStream(api, { retentionMs: 48 * hour });
});
