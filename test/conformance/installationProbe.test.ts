// The contract of the probe of an installation: it reports NATS, the stream and the leader, and changes nothing.
import { randomBytes } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { whenAborted } from '../../src/async/abort.ts';
import { natsInstallationProbe, natsJobLog, natsLeadership } from '../../src/adapters/nats/index.ts';
import { streamName } from '../../src/adapters/nats/stream/subjects.ts';
import type { InstallationProbe } from '../../src/ports/installationProbe.ts';
import { fakeInstallationProbe } from '../fakes/installationProbe.ts';
import { infoOf, managerOf } from '../support/jetStream.ts';
import { startNatsServer } from '../support/natsServer.ts';
import { until } from '../support/until.ts';
import { testLink } from './ports.ts';

interface Probed {
  readonly probe: InstallationProbe;
  /** Creates the stream, as the first process of an installation does. */
  create(): Promise<void>;
  streamExists(): Promise<boolean>;
  /** Gives the stream a setting with which it would lose tasks. */
  spoil(): Promise<void>;
  /** Resolves once this controller leads; the returned function makes it resign. */
  lead(name: string): Promise<() => Promise<void>>;
  /** NATS answers nothing from now on. */
  cutOff(): Promise<void>;
}

async function inMemory(): Promise<Probed> {
  let exists = false;
  const probe = fakeInstallationProbe({ unsuitable: 'There is no stream', replicas: 0 });
  probe.leading = undefined;
  const spoiled = { unsuitable: 'The stream has max_msgs 1000', replicas: 0 };
  return {
    probe,
    create: async () => {
      exists = true;
      probe.status = {};
    },
    streamExists: async () => exists,
    spoil: async () => void (probe.status = spoiled),
    lead: async (name) => {
      probe.leading = name;
      return async () => void (probe.leading = undefined);
    },
    cutOff: async () => void (probe.away = true),
  };
}

const retentionMs = 3_600_000;

async function onNats(): Promise<Probed> {
  const server = await startNatsServer();
  onTestFinished(() => server.stop());
  const link = await testLink(server.url, `t${randomBytes(4).toString('hex')}`);
  const stream = streamName(link.prefix);
  const probe = natsInstallationProbe(link, { retentionMs, urls: [server.url] });
  return {
    probe,
    create: async () => void (await natsJobLog(link, { retentionMs })),
    streamExists: () =>
      infoOf(link, stream).then(
        () => true,
        () => false,
      ),
    spoil: async () => {
      const { config } = await infoOf(link, stream);
      await (await managerOf(link)).streams.update(stream, { ...config, max_msgs: 1_000 });
    },
    lead: async (name) => {
      const stop = new AbortController();
      const leadership = await natsLeadership(link);
      const leading = leadership.campaign({ role: 'controller', name }, whenAborted, stop.signal);
      await until(async () => (await probe.leader()) !== undefined, { what: 'the leader' });
      return async () => {
        stop.abort();
        await leading;
      };
    },
    cutOff: () => server.stop(),
  };
}

describe.each([
  ['in memory', inMemory],
  ['on NATS', onNats],
])('%s', (_, open) => {
  test('reports the version, the round trip, the replicas and the storage', async () => {
    const { probe, create } = await open();
    await create();
    const status = await probe.nats();
    expect(status.unsuitable).toBeUndefined();
    expect(status.version).toMatch(/^2\.\d+\.\d+/);
    expect(status.roundTripMs).toBeGreaterThan(0);
    expect(status.server).toMatch(/^nats:\/\/127\.0\.0\.1:\d+/);
    expect(status.addresses).toEqual([expect.stringMatching(/^nats:\/\/127\.0\.0\.1:\d+$/)]);
    expect(status.replicas).toBeGreaterThanOrEqual(1);
    expect(status.storage.used).toBeGreaterThanOrEqual(0);
    expect(status.storage.limit === -1 || status.storage.limit >= status.storage.used).toBe(true);
  });

  test('names the controller that leads, until it resigns', async () => {
    const { probe, create, lead } = await open();
    await create();
    expect(await probe.leader()).toBeUndefined();
    const resign = await lead('controller-7');
    expect(await probe.leader()).toBe('controller-7');
    await resign();
    expect(await probe.leader()).toBeUndefined();
  });

  test('reports a missing stream, and does not create it', async () => {
    const { probe, streamExists } = await open();
    const { unsuitable, replicas } = await probe.nats();
    expect(unsuitable).toContain('There is no stream');
    expect(replicas).toBe(0);
    expect(await streamExists()).toBe(false);
  });

  test('reports a stream that is not suitable, with the setting', async () => {
    const { probe, create, spoil } = await open();
    await create();
    await spoil();
    expect((await probe.nats()).unsuitable).toContain('max_msgs');
  });

  test('throws Unavailable while NATS does not answer', async () => {
    const { probe, create, cutOff } = await open();
    await create();
    await cutOff();
    const answers = await Promise.allSettled([probe.nats(), probe.leader()]);
    const refused = { status: 'rejected', reason: { code: 'Unavailable' } };
    expect(answers).toMatchObject([refused, refused]);
  });
});
