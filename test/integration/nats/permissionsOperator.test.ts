// Everything that the operator does in NATS, as its own user: submit, read and follow, pools and pauses, leadership.

import { randomBytes } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { whenAborted } from '../../../src/async/abort.ts';
import {
  natsArtifactStore,
  natsClock,
  natsHeartbeats,
  natsJobLog,
  natsKeyRing,
  natsLeadership,
  natsPoolRegistry,
  natsTaskQueue,
  provisionNats,
} from '../../../src/adapters/nats/index.ts';
import { connectAs, startPermittedNats } from '../../support/permittedNats.ts';
import { aJob } from '../../fakes/tasks.ts';
import { until } from '../../support/until.ts';

const retentionMs = 3_600_000;

it("the operator's permissions are enough for everything that it does", async () => {
  const prefix = 'p';
  const nats = await startPermittedNats({ prefix });
  const { link, errors } = await connectAs(nats, 'operator', prefix);
  // Started before the stream exists: the controller creates it.
  const beginning = natsClock(link);
  await until(() => link.waiting.size === 1, { what: 'the operator to wait' });
  const controller = (await connectAs(nats, 'controller', prefix)).link;
  await provisionNats(controller, { retentionMs });
  const clock = await beginning;
  expect(link.waiting.size).toBe(0);
  const log = await natsJobLog(link, { retentionMs, now: clock.now });
  const pools = await natsPoolRegistry(link);
  const artifacts = await natsArtifactStore(link, { retentionMs, clock });
  const keys = await natsKeyRing(link, { keys: {}, clock });
  const queue = natsTaskQueue(link);
  onTestFinished(() => queue.close());

  await pools.declare({ name: 'default', provider: 'gemini', models: { image: ['a'], text: [] }, policy: {} });
  await natsTaskQueue(controller).ensurePool('default');
  await queue.pause('default');
  expect(await queue.paused('default')).toEqual({ until: null });
  await queue.resume('default');
  expect((await queue.depth('default')).unacknowledged).toBe(0);
  expect(await keys.state('default')).toEqual([]);

  const { digest } = await artifacts.put('a-namespace', randomBytes(300_000), 'image/png');
  expect((await artifacts.read('a-namespace', digest))?.length).toBe(300_000);
  await artifacts.delete('a-namespace', digest);

  for (const total of [1, 3]) {
    const specs = aJob(total, { submittedAt: clock.now() });
    const stored = await log.submit(specs);
    expect(stored.outcome).toBe('stored');
    const { job, pool } = specs[0]!.state.of;
    expect((await log.read(job, pool))?.tasks).toHaveLength(total);
    expect((await log.history(job, pool)).length).toBe(total);
  }
  expect((await log.health()).messages).toBe(4);
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  let entries = 0;
  void (async () => {
    for await (const { event } of log.follow({ from: 'watermark' }, stop.signal)) if (event === 'entry') entries += 1;
  })();
  await until(() => entries === 4, { what: 'the follower to see all' });

  const heartbeats = natsHeartbeats(link);
  heartbeats.watch(stop.signal);
  heartbeats.sendCancellation('worker-1', { job: 'j', task: 0, claim: 1, reason: 'Cancelled' });
  let led = false;
  const campaign = (await natsLeadership(link)).campaign(
    { role: 'operator', name: 'operator-1' },
    (term) => {
      led = true;
      return whenAborted(term);
    },
    stop.signal,
  );
  await until(() => led, { what: 'the operator to lead' });
  await pools.remove('default');
  stop.abort();
  await campaign;
  await link.connection.flush();
  expect(errors).toEqual([]);
  expect(nats.log).not.toMatch(/violation/i);
});
