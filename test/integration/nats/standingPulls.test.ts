// The pulls of a worker that is frozen, or cut off without a word, end before its tasks are queued again: they would go to
// where nobody takes them.
import { randomBytes } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { natsJobLog, natsTaskQueue } from '../../../src/adapters/nats/index.ts';
import { lanes } from '../../../src/job/task.ts';
import { testLink } from '../../conformance/ports.ts';
import { startTcpProxy } from '../../faults/support/tcpProxy.ts';
import { startNatsServer } from '../../support/natsServer.ts';
import { until } from '../../support/until.ts';
import { managerOf } from '../../support/jetStream.ts';

/** ms: two thirds of the default heartbeat timeout, as the last beat may be a beat's time old when the worker freezes. */
const earliestRequeue = 4_000;

test('standing pulls of a silent worker do not outlast the time in which its tasks are left alone', async () => {
  const server = await startNatsServer();
  onTestFinished(() => server.stop());
  const proxy = await startTcpProxy(server.port);
  const prefix = `t${randomBytes(4).toString('hex')}`;
  const [link, silent] = await Promise.all([testLink(server.url, prefix), testLink(proxy.url, prefix)]);
  await natsJobLog(link, { retentionMs: 60_000 });
  const [queue, silentQueue] = [natsTaskQueue(link), natsTaskQueue(silent)];
  await queue.ensurePool('default');
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const taken = silentQueue.claimable('default', 1, stop.signal);
  const jsm = await managerOf(link);
  const pulls = async (): Promise<number> => {
    const consumers = await jsm.consumers.list(`${prefix}_tasks`).next();
    return consumers.reduce((sum, { num_waiting }) => sum + num_waiting, 0);
  };
  await until(async () => (await pulls()) === lanes.length, { what: 'a standing pull on every lane' });
  proxy.swallow();
  await until(async () => (await pulls()) === 0, { what: 'the pulls to end', timeoutMs: earliestRequeue });
  stop.abort();
  expect(await taken).toEqual([]);
});
