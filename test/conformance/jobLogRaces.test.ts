// Many writers on the same tasks of a stream with three replicas, while its leader changes: every task stays one chain.

import { jetstream } from '@nats-io/jetstream';
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { natsJobLog, natsTaskQueue, type NatsLink } from '../../src/adapters/nats/index.ts';
import { streamName } from '../../src/adapters/nats/stream/subjects.ts';
import type { Queued, Waiting } from '../../src/job/task.ts';
import { claimed, requeued, waiting } from '../../src/job/transitions.ts';
import type { JobLog, LogEntry } from '../../src/ports/jobLog.ts';
import { connectTo } from './jobLogAdapters.ts';
import { startNatsCluster, type NatsCluster } from '../support/natsCluster.ts';
import { jobOf, status, stored } from '../support/steps.ts';
import { aJob, aRequest, start } from '../fakes/tasks.ts';
import { until } from '../support/until.ts';
import { infoOf } from '../support/jetStream.ts';

const options = { retentionMs: 7 * 86_400_000, now: () => start };
const stream = streamName('genwarden');

describe('job log on three servers', () => {
  let cluster: NatsCluster;
  let links: NatsLink[];
  let logs: JobLog[];
  beforeAll(async () => {
    cluster = await startNatsCluster(3);
    links = await Promise.all(cluster.urls.map((url) => connectTo([url, ...cluster.urls], 'genwarden', 3)));
    logs = [];
    for (const link of links) logs.push(await natsJobLog(link, options));
  });
  afterAll(async () => {
    for (const link of links) await link.close();
    await cluster.stop();
  });

  it('hundreds of writers on the same tasks break no chain while leaders step down', async () => {
    const entries = stored(await logs[0]!.submit(aJob(30)));
    const written: LogEntry[] = [];
    let refused = 0;
    let left = 3_000;
    const writer = async (log: JobLog, name: string): Promise<void> => {
      while ((left -= 1) >= 0) {
        const task = entries[Math.floor(Math.random() * entries.length)]!.state.of;
        const last = await log.last(task);
        const outcome = await log.write(nextOf(last!, name), last!.sequence);
        if (outcome.outcome === 'written') {
          written.push(outcome.entry);
        } else {
          refused += 1;
          // A write in flight is no answer: a refused writer learns of a message that is newer than the one it saw.
          expect(outcome.last!.sequence).toBeGreaterThan(last!.sequence);
        }
      }
    };
    const writers = Promise.all(Array.from({ length: 300 }, (_, n) => writer(logs[n % 3]!, `worker-${n}`)));
    for (const mark of [2_400, 1_600, 800]) {
      await until(() => left < mark, { what: 'writes between two step-downs', timeoutMs: 30_000 });
      await stepDown(links[0]!);
    }
    await writers;
    expect(refused).toBeGreaterThan(100);
    await expectChains(links[1]!, jobOf30(entries), [...entries, ...written]);
  });

  it('each job is stored once, by one of many submitters at the same time', async () => {
    const jobs = Array.from({ length: 40 }, (_, n) => aJob(n % 4 === 0 ? 3 : 1));
    const outcomes = await Promise.all(
      jobs.flatMap((specs) => logs.map(async (log) => ({ specs, outcome: (await log.submit(specs)).outcome }))),
    );
    for (const specs of jobs) {
      const answers = outcomes.filter((one) => one.specs === specs).map(({ outcome }) => outcome);
      expect(answers.toSorted()).toEqual(['exists', 'exists', 'stored']);
      // Reads show every acknowledged write, of any client, regardless of the lag of replicas.
      for (const log of logs) expect((await log.read(jobOf(specs)))?.tasks).toHaveLength(specs.length);
    }
  });

  it('a read after the submit finds the job on every server', async () => {
    for (let round = 0; round < 100; round += 1) {
      const specs = aJob(2);
      stored(await logs[round % 3]!.submit(specs));
      const reads = await Promise.all(logs.map((log) => log.read(jobOf(specs), 'default')));
      expect(reads.map((record) => record?.tasks.length)).toEqual([2, 2, 2]);
    }
  });

  it("the leader's death loses nothing: writes, pulls and followers continue", async () => {
    const stop = new AbortController();
    const queue = natsTaskQueue(links[0]!);
    await queue.ensurePool('survivors');
    const waits = queue.claimable('survivors', 1, stop.signal);
    const seen: number[] = [];
    const following = (async () => {
      for await (const event of logs[1]!.follow({ from: 'watermark' }, stop.signal)) {
        if (event.event === 'entry') seen.push(event.entry.sequence);
      }
    })();
    const info = await infoOf(links[0]!, stream);
    const leader = cluster.servers[Number(info.cluster!.leader!.slice(1)) - 1]!;
    leader.kill('SIGKILL');
    await leader.exited;
    const specs = aJob(1, { pool: 'survivors' });
    const entries = stored(await patient(() => logs[2]!.submit(specs)));
    expect((await waits)[0]!.entry.sequence).toBe(entries[0]!.sequence);
    const claim = status(claimed(entries[0]!.state as Queued, 'w', 1, start));
    const running = await patient(() => logs[0]!.write(claim, entries[0]!.sequence));
    const last = (running as { entry: LogEntry }).entry.sequence;
    await until(() => seen.at(-1) === last, { what: 'the follower to have all', timeoutMs: 20_000 });
    expect(seen).toEqual(seen.toSorted((one, other) => one - other));
    expect(new Set(seen).size).toBe(seen.length);
    expect(await logs[1]!.history(jobOf(specs))).toHaveLength(2);
    stop.abort();
    await following;
    await queue.close();
  });
});

const jobOf30 = (entries: readonly LogEntry[]): string => entries[0]!.state.of.job;

/** The cycle queued, running, waiting, queued. */
function nextOf({ state }: LogEntry, worker: string) {
  switch (state.state) {
    case 'queued':
      return status(claimed(state, worker, 1, start));
    case 'running':
      return status(waiting(state, 'ProviderError', start, start));
    default: {
      const next = requeued(state as Waiting, 'RetryDue', 'free', start);
      return { state: next, detail: { message: 'Queued again', request: aRequest } };
    }
  }
}

async function stepDown(link: NatsLink): Promise<void> {
  await until(
    async () => {
      const answer = await link.connection.request(`$JS.API.STREAM.LEADER.STEPDOWN.${stream}`, '', { timeout: 2_000 });
      return answer.json<{ success?: boolean }>().success;
    },
    { what: 'a leader to step down' },
  );
}

/** After `Unavailable` the same call is safe to repeat. */
async function patient<T>(call: () => Promise<T>): Promise<T> {
  return until(() => call(), { what: 'an answer', timeoutMs: 30_000 });
}

/** Each message was written against the one before it, and every acknowledged write is stored once. */
async function expectChains(link: NatsLink, job: string, written: readonly LogEntry[]): Promise<void> {
  const chains = new Map<string, { sequence: number; expected: number; writeId: string }[]>();
  for (const { sequence, subject, header } of await everyMessage(link, job)) {
    const task = subject.split('.').at(-1)!;
    const expected = Number(header.get('Nats-Expected-Last-Subject-Sequence') || 0);
    const chain = chains.get(task) ?? [];
    chains.set(task, [...chain, { sequence, expected, writeId: header.get('Genwarden-Write') }]);
  }
  for (const chain of chains.values()) {
    expect(chain.map(({ expected }) => expected)).toEqual([0, ...chain.slice(0, -1).map(({ sequence }) => sequence)]);
  }
  const inStream = [...chains.values()].flat().map(({ sequence, writeId }) => `${sequence} ${writeId}`);
  const answered = written.map(({ sequence, writeId }) => `${sequence} ${writeId}`);
  expect(new Set(answered).size).toBe(answered.length);
  const there = new Set(inStream);
  expect(answered.filter((one) => !there.has(one))).toEqual([]);
}

async function everyMessage(
  link: NatsLink,
  job: string,
): Promise<{ sequence: number; subject: string; header: MsgHdrs }[]> {
  const consumer = await jetstream(link.connection).consumers.get(stream, {
    filter_subjects: [`genwarden.*.default.*.${job}.*`],
    headers_only: true,
  });
  const messages = [];
  for (let pending = (await consumer.info()).num_pending; pending > 0;) {
    for await (const message of await consumer.fetch({ max_messages: Math.min(1_000, pending) })) {
      messages.push({ sequence: message.seq, subject: message.subject, header: message.headers ?? headers() });
      pending = message.info.pending;
    }
  }
  return messages;
}
