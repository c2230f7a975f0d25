// A follower whose reader is slow, such as the watch of a client over a slow connection, asks NATS for no more than it may hold.

import { jetstream } from '@nats-io/jetstream';
import { expect, onTestFinished, test } from 'vitest';
import { natsJobLog } from '../../../src/adapters/nats/index.ts';
import { OrderedConsumer } from '../../../src/adapters/nats/log/orderedConsumer.ts';
import { keySubject, streamName } from '../../../src/adapters/nats/stream/subjects.ts';
import { managerOf } from '../../support/jetStream.ts';
import { until } from '../../support/until.ts';
import { openNats } from './openNats.ts';

test('messages that are being read count as held', async () => {
  const { prefix, link: open } = await openNats();
  const link = await open();
  await natsJobLog(link, { retentionMs: 60_000 });
  const js = jetstream(link.connection);
  await Promise.all(Array.from({ length: 3_000 }, () => js.publish(keySubject(prefix, 'any'), '')));
  const consumer = new OrderedConsumer(link);
  onTestFinished(() => consumer.close());
  await consumer.open(1);
  const { consumers } = await managerOf(link);
  const delivered = async (): Promise<number> => {
    const [info] = await consumers.list(streamName(prefix)).next();
    return info!.delivered.consumer_seq;
  };
  await until(async () => (await delivered()) === 1_024, { what: 'the first pull' });
  await link.connection.flush();
  expect(consumer.read()).toHaveLength(1_024);
  await link.connection.flush();
  expect(await delivered()).toBe(1_024);
  consumer.handled();
  await until(async () => (await delivered()) === 2_048, { what: 'the second pull' });
});
