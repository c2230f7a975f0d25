// The stream on NATS: created, checked, raised, and refused with advice.

import { jetstream } from '@nats-io/jetstream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { natsJobLog, type NatsLink } from '../../src/adapters/nats/index.ts';
import { ensureTaskStream } from '../../src/adapters/nats/stream/taskStream.ts';
import { connectTo } from './jobLogAdapters.ts';
import { startNatsServer, type NatsServer } from '../support/natsServer.ts';
import { stored } from '../support/steps.ts';
import { aJob, aRequest } from '../fakes/tasks.ts';
import { until } from '../support/until.ts';
import { infoOf, managerOf } from '../support/jetStream.ts';

const hour = 3_600_000;
const nanos = 1_000_000;
const retentionMs = 24 * hour;

describe('the stream', () => {
  let server: NatsServer;
  let link: NatsLink;
  beforeAll(async () => {
    server = await startNatsServer();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    link = await connectTo([server.url], 'genwarden');
  });
  afterEach(async () => {
    const { streams } = await managerOf(link);
    for await (const { config } of streams.list()) await streams.delete(config.name);
    await link.close();
  });

  const config = async () => (await infoOf(link, 'genwarden_tasks')).config;

  it('is created with the right settings by several concurrent processes', async () => {
    await Promise.all(Array.from({ length: 5 }, () => ensureTaskStream(link, { retentionMs })));
    expect(await config()).toMatchObject({
      subjects: ['genwarden.spec.>', 'genwarden.status.>', 'genwarden.key.>'],
      retention: 'limits',
      storage: 'file',
      discard: 'new',
      allow_direct: true,
      allow_atomic: true,
      max_age: 25 * hour * nanos,
      num_replicas: 1,
    });
  });

  it('keeps messages longer when the retention is raised, and never shorter', async () => {
    await ensureTaskStream(link, { retentionMs });
    await ensureTaskStream(link, { retentionMs: 2 * retentionMs });
    expect((await config()).max_age).toBe(49 * hour * nanos);
    await ensureTaskStream(link, { retentionMs });
    expect((await config()).max_age).toBe(49 * hour * nanos);
  });

  it('gets the configured limit in bytes, but never one below its content', async () => {
    const limited = (maxBytes: number): NatsLink => ({ ...link, maxBytes });
    await ensureTaskStream(limited(50_000_000), { retentionMs });
    expect((await config()).max_bytes).toBe(50_000_000);
    await ensureTaskStream(link, { retentionMs });
    expect((await config()).max_bytes).toBe(50_000_000);
    await ensureTaskStream(limited(60_000_000), { retentionMs });
    await jetstream(link.connection).publish('genwarden.key.some', new Uint8Array(100_000));
    await ensureTaskStream(limited(90_000), { retentionMs });
    expect(await infoOf(link, 'genwarden_tasks')).toMatchObject({
      config: { max_bytes: 60_000_000 },
      state: { messages: 1 },
    });
  });

  it.each([
    ['storage', { storage: 'memory' }, 'storage "memory", but Genwarden needs "file"'],
    ['discard', { discard: 'old' }, 'discard "old", but Genwarden needs "new"'],
    ['no atomic batches', { allow_atomic: false }, 'allow_atomic'],
    ['no direct gets', { allow_direct: false }, 'allow_direct false, but Genwarden needs true'],
    ['history', { max_msgs_per_subject: 1 }, 'max_msgs_per_subject 1, but Genwarden needs -1'],
    ['subjects', { subjects: ['genwarden.>'] }, 'subjects ["genwarden.>"], but Genwarden needs'],
    ['no purge', { deny_purge: true }, 'deny_purge true'],
  ])('is refused with the actual value, the required one and advice: %s', async (_name, wrong, message) => {
    await ensureTaskStream(link, { retentionMs });
    const right = await config();
    await (await managerOf(link)).streams.delete('genwarden_tasks');
    await (await managerOf(link)).streams.add({ ...right, ...wrong } as typeof right);
    const refused = await ensureTaskStream(link, { retentionMs }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'NatsUnsuitable', message: expect.stringContaining(message) });
    expect((refused as Error).message).toContain('nats stream edit genwarden_tasks');
  });

  it('is refused if another stream has the subjects', async () => {
    await (await managerOf(link)).streams.add({ name: 'taken', subjects: ['genwarden.spec.>'] });
    await expect(ensureTaskStream(link, { retentionMs })).rejects.toMatchObject({
      code: 'NatsUnsuitable',
      message: expect.stringContaining('GENWARDEN_NATS_PREFIX'),
    });
  });

  it('is refused with three replicas on a single server', async () => {
    await expect(ensureTaskStream({ ...link, replicas: 3 }, { retentionMs })).rejects.toMatchObject({
      code: 'NatsUnsuitable',
      message: expect.stringContaining('GENWARDEN_NATS_REPLICAS'),
    });
  });

  it('in a batch submit only the first message expects 0 over the whole job', async () => {
    const log = await natsJobLog(link, { retentionMs });
    const specs = aJob(3);
    stored(await log.submit(specs));
    const filter = 'Nats-Expected-Last-Subject-Sequence-Subject';
    const { streams } = await managerOf(link);
    const messages = await Promise.all([1, 2, 3].map((seq) => streams.getMessage('genwarden_tasks', { seq })));
    const expectations = messages.map((message) => message?.header.get(filter) ?? '');
    expect(expectations).toEqual([`genwarden.*.*.*.${specs[0]!.state.of.job}.*`, '', '']);
  });

  it("accepts no job beyond 85 % of its storage, including the job's future messages", async () => {
    const log = await natsJobLog(link, { retentionMs });
    await (await managerOf(link)).streams.update('genwarden_tasks', { ...(await config()), max_bytes: 1_000_000 });
    const request = { ...aRequest, metadata: 'x'.repeat(9_000) };
    const job = () => aJob(1).map(({ state, detail }) => ({ state, detail: { ...detail, request } }));
    await until(
      async () => {
        const refusal = await log.submit(job()).then(stored, (error: unknown) => error);
        return (refusal as { code?: string }).code === 'StorageFull';
      },
      { what: 'a refusal', intervalMs: 50 },
    );
    const { bytes } = await log.health();
    expect(bytes).toBeGreaterThan(800_000);
    expect(bytes).toBeLessThan(1_000_000);
  });
});
