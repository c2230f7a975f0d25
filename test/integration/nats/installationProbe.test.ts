// The check of NATS, the stream and the leader: on a healthy server, without a leader, with an unsuitable stream or none.

import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { whenAborted } from '../../../src/async/abort.ts';
import { natsInstallationProbe, natsJobLog, natsLeadership } from '../../../src/adapters/nats/index.ts';
import { streamName } from '../../../src/adapters/nats/stream/subjects.ts';
import { testLink } from '../../conformance/ports.ts';
import { startNatsServer, type NatsServer } from '../../support/natsServer.ts';
import { until } from '../../support/until.ts';
import { infoOf, managerOf } from '../../support/jetStream.ts';

const retentionMs = 3_600_000;
let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

async function installation() {
  const link = await testLink(server.url, `t${randomBytes(4).toString('hex')}`);
  return { link, probe: natsInstallationProbe(link, { retentionMs }), stream: streamName(link.prefix) };
}

test('reports version, round trip, replicas, storage, and the leader if there is one', async () => {
  const { link, probe } = await installation();
  await natsJobLog(link, { retentionMs });
  const sight = await probe.nats();
  expect(sight).toMatchObject({ unsuitable: undefined, replicas: 1 });
  expect(sight.version).toMatch(/^2\.\d+\.\d+/);
  expect(sight.roundTripMs).toBeGreaterThan(0);
  expect(await probe.leader()).toBeUndefined();
  const stop = new AbortController();
  const leadership = await natsLeadership(link);
  const leading = leadership.campaign({ role: 'controller', name: 'controller-1' }, whenAborted, stop.signal);
  await until(async () => (await probe.leader()) === 'controller-1', { what: 'the leader to be seen' });
  stop.abort();
  await leading;
  expect(await probe.leader()).toBeUndefined();
});

test('an unsuitable stream is reported, and a missing one is not created', async () => {
  const { link, probe, stream } = await installation();
  expect((await probe.nats()).unsuitable).toContain(`There is no stream ${stream}`);
  await expect(infoOf(link, stream)).rejects.toThrow();
  await natsJobLog(link, { retentionMs });
  const { config } = await infoOf(link, stream);
  await (await managerOf(link)).streams.update(stream, { ...config, max_msgs: 1_000 });
  expect((await probe.nats()).unsuitable).toContain('max_msgs');
});
