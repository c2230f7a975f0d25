// A connection that closes while something waits for an answer ends the wait, and nothing is thrown that nobody catches: that
// would end the process before it has given its tasks back.

import { once } from 'node:events';
import { setImmediate as immediate } from 'node:timers/promises';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { natsJobLog, natsTaskQueue, type NatsLink } from '../../../src/adapters/nats/index.ts';
import { OrderedConsumer } from '../../../src/adapters/nats/log/orderedConsumer.ts';
import { LanePull } from '../../../src/adapters/nats/queue/lanePull.ts';
import { testLink } from '../../conformance/ports.ts';
import { startTcpProxy, type TcpProxy } from '../../faults/support/tcpProxy.ts';
import { openNats } from './openNats.ts';

let link: NatsLink;
let proxy: TcpProxy;
const consumer = { stream: 'any', name: 'any' };

beforeEach(async () => {
  const { server, prefix } = await openNats();
  proxy = await startTcpProxy(server.port);
  link = await testLink(proxy.url, prefix);
});

test('a claim in mid-poll waits for its signal', async () => {
  await natsJobLog(link, { retentionMs: 60_000 });
  const queue = natsTaskQueue(link);
  await queue.ensurePool('default');
  const uncaught: unknown[] = [];
  const collect = (error: unknown): void => void uncaught.push(error);
  process.on('unhandledRejection', collect);
  onTestFinished(() => void process.off('unhandledRejection', collect));

  proxy.swallow();
  const stop = new AbortController();
  const claimed = queue.claimable('default', 1, stop.signal);
  await link.connection.close();
  // The poll without an answer ends, and would open a standing pull.
  const wait = AbortSignal.timeout(1_500);
  await once(wait, 'abort');
  await immediate();
  expect(uncaught).toEqual([]);
  stop.abort();
  expect(await claimed).toEqual([]);
  await queue.close();
});

test('pulls that are new then deliver nothing', async () => {
  await link.connection.close();
  const pull = new LanePull(link, consumer, () => undefined);
  pull.openStandingPull();
  expect(await pull.poll(1)).toBe(0);
  pull.close();
});

test('so do pulls that were closed', async () => {
  const received: unknown[] = [];
  const pull = new LanePull(link, consumer, (message) => received.push(message));
  pull.close();
  pull.openStandingPull();
  expect(pull.isStanding).toBe(false);
  expect(await pull.poll(1)).toBe(0);
  expect(received).toEqual([]);
});

test('a new consumer of a follower says that it cannot be used', async () => {
  await link.connection.close();
  const follower = new OrderedConsumer(link);
  await expect(follower.open(1)).rejects.toMatchObject({ code: 'Unavailable' });
  follower.close();
});
