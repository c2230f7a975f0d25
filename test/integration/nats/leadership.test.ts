// Leadership on a real server when processes and servers fail.

import { jetstream } from '@nats-io/jetstream';
import { expect, onTestFinished, test } from 'vitest';
import { whenAborted } from '../../../src/async/abort.ts';
import { natsLeadership } from '../../../src/adapters/nats/index.ts';
import { infoOf, managerOf } from '../../support/jetStream.ts';
import { until } from '../../support/until.ts';
import { openNats } from './openNats.ts';

const times = { leaseMs: 1_000, renewMs: 250, checkMs: 100 };

async function candidates(count: number, changes: Partial<typeof times> = {}) {
  const { server, link } = await openNats();
  const links = await Promise.all(Array.from({ length: count }, () => link()));
  const events: string[] = [];
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const campaign = async (index: number): Promise<void> => {
    const leadership = await natsLeadership(links[index]!, { ...times, ...changes });
    void leadership.campaign(
      { role: 'controller', name: `c${index}` },
      (signal) => lead(`c${index}`, signal),
      stop.signal,
    );
  };
  const lead = async (name: string, signal: AbortSignal): Promise<void> => {
    events.push(`${name} leads`);
    await whenAborted(signal);
    events.push(`${name} stops`);
  };
  return { server, links, events, campaign, stop };
}

test('a leader whose connection is lost for good is replaced when its lease ends', async () => {
  const { links, events, campaign } = await candidates(2);
  await campaign(0);
  await until(() => events.includes('c0 leads'), { what: 'the first to lead' });
  await campaign(1);
  // As a killed process: nothing is given back.
  await links[0]!.connection.close();
  await until(() => events.includes('c1 leads'), { what: 'the second to lead' });
  // The first has stopped by its own clock before anybody could follow it.
  expect(events).toEqual(['c0 leads', 'c0 stops', 'c1 leads']);
});

test('a leader stays leader over many leases', async () => {
  const { links, events, campaign } = await candidates(2);
  await campaign(0);
  await until(() => events.length === 1, { what: 'the first to lead' });
  await campaign(1);
  const kv = `KV_${links[0]!.prefix}_leader`;
  const writes = async (): Promise<number> => (await infoOf(links[0]!, kv)).state.last_seq;
  await until(async () => (await writes()) > 12, { what: 'twelve renewals, three leases' });
  expect(events).toEqual(['c0 leads']);
});

test('a leader that cannot renew stops by its own clock; one candidate leads when NATS is back', async () => {
  const { server, events, campaign } = await candidates(2);
  await campaign(0);
  await campaign(1);
  await until(() => events.length === 1, { what: 'one to lead' });
  server.kill('SIGSTOP');
  await until(() => events.length === 2, { what: 'the leader to stop' });
  expect(events[1]).toMatch(/stops$/);
  server.kill('SIGCONT');
  await until(() => events.length === 3, { what: 'somebody to lead again', timeoutMs: 20_000 });
  expect(events[2]).toMatch(/leads$/);
});

test("a leader that finds another's mark stops at once, but not for its own mark after a lost answer", async () => {
  const { links, events, campaign } = await candidates(1, { leaseMs: 60_000 });
  const link = links[0]!;
  await campaign(0);
  await until(() => events.length === 1, { what: 'the only one to lead' });
  const stream = `KV_${link.prefix}_leader`;
  const subject = `$KV.${link.prefix}_leader.controller`;
  const own = (await (await managerOf(link)).streams.getMessage(stream, { last_by_subj: subject }))!;
  const { seq } = await jetstream(link.connection).publish(subject, own.data);
  const renewed = async (): Promise<boolean> => (await infoOf(link, stream)).state.last_seq > seq + 1;
  await until(renewed, { what: 'renewals upon the mark that it did not know of' });
  expect(events).toEqual(['c0 leads']);
  await jetstream(link.connection).publish(subject, 'somebody else');
  await until(() => events.length === 2, { what: 'the leader to stop' });
  expect(events[1]).toBe('c0 stops');
});

test('by default the key of a dead leader expires within three seconds of its last renewal', async () => {
  const { links } = await candidates(1);
  await natsLeadership(links[0]!);
  const { config } = await infoOf(links[0]!, `KV_${links[0]!.prefix}_leader`);
  expect(config.max_age / 1e6).toBeLessThanOrEqual(3_000);
});
