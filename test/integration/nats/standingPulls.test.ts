// The pulls of a frozen or silently disconnected worker end before its tasks are requeued: otherwise these tasks could be
// delivered to that worker again.

import { expect, onTestFinished, test } from 'vitest';
import { natsJobLog, natsTaskQueue } from '../../../src/adapters/nats/index.ts';
import { lanes } from '../../../src/job/lanes.ts';
import { consumerName } from '../../../src/adapters/nats/stream/subjects.ts';
import { testLink } from '../../conformance/ports.ts';
import { startTcpProxy } from '../../faults/support/tcpProxy.ts';
import { managerOf } from '../../support/jetStream.ts';
import { until } from '../../support/until.ts';
import { openNats } from './openNats.ts';

/** ms: two thirds of the default heartbeat timeout, as the last beat may be one interval old when the worker freezes. */
const earliestRequeue = 4_000;

test('standing pulls of a silent worker end before its tasks can be requeued', async () => {
  const { server, prefix, link: newLink } = await openNats();
  const proxy = await startTcpProxy(server.port);
  const [link, silent] = await Promise.all([newLink(), testLink(proxy.url, prefix)]);
  await natsJobLog(link, { retentionMs: 60_000 });
  const [queue, silentQueue] = [natsTaskQueue(link), natsTaskQueue(silent)];
  await queue.ensurePool('default');
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const taken = silentQueue.claimable('default', 1, stop.signal);
  const jsm = await managerOf(link);
  const pulls = async (): Promise<number> => {
    const consumers = await jsm.consumers.list(`${prefix}_tasks`).next();
    // No requeued task comes from a tenant part.
    const ofLanes = consumers.filter(({ name }) => lanes.some((lane) => consumerName('default', { lane }) === name));
    return ofLanes.reduce((sum, { num_waiting }) => sum + num_waiting, 0);
  };
  await until(async () => (await pulls()) === lanes.length, { what: 'a standing pull on every lane' });
  proxy.swallow();
  await until(async () => (await pulls()) === 0, { what: 'the pulls to end', timeoutMs: earliestRequeue });
  stop.abort();
  expect(await taken).toEqual([]);
});
