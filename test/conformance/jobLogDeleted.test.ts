// Reads of jobs that are gone: their answer is final and costs no more than that for a job that never existed.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { natsJobLog, type NatsLink } from '../../src/adapters/nats/index.ts';
import type { Queued } from '../../src/job/task.ts';
import { cancelled, deleted } from '../../src/job/transitions.ts';
import type { JobLog, LogEntry } from '../../src/ports/jobLog.ts';
import { aJob, freshJobId, start } from '../fakes/tasks.ts';
import { managerOf } from '../support/jetStream.ts';
import { startNatsServer, type NatsServer } from '../support/natsServer.ts';
import { status, stored, write } from '../support/steps.ts';
import { connectTo, memoryAdapter, natsAdapter, type LogInstallation } from './jobLogAdapters.ts';

/** A finished job whose first tasks have tombstones; by default all of them. */
async function deletedJob(log: JobLog, total: number, tombstones = total): Promise<{ job: string; pool: string }> {
  const specs = stored(await log.submit(aJob(total)));
  const ends: LogEntry[] = [];
  for (const { state, sequence } of specs) {
    ends.push(await write(log, status(cancelled(state as Queued, start)), sequence));
  }
  for (const { state, sequence } of ends.slice(0, tombstones)) {
    if (state.state === 'cancelled') await write(log, status(deleted(state, start)), sequence);
  }
  return specs[0]!.state.of;
}

describe.each([memoryAdapter, natsAdapter()])('a deleted job ($name)', (adapter) => {
  let world: LogInstallation;
  beforeEach(async () => {
    world = await adapter.open();
  });
  afterEach(() => world[Symbol.asyncDispose]());

  it.each([1, 3])('is missing once its messages are purged (%i tasks)', async (total) => {
    const { job, pool } = await deletedJob(world.log, total);
    await world.log.purge(job, pool);
    for (const { log } of [world, world.other]) {
      expect(await log.read(job)).toBeUndefined();
      expect(await log.read(job, pool)).toBeUndefined();
      expect(await log.history(job)).toEqual([]);
    }
  });

  it('is still read in full while its messages are stored, so that the delete can be completed', async () => {
    const { job } = await deletedJob(world.log, 2, 1);
    const record = await world.log.read(job);
    expect(record?.tasks.map(({ last }) => last.state.state)).toEqual(['deleted', 'cancelled']);
  });
});

describe('the requests of a read on NATS', () => {
  let server: NatsServer;
  let link: NatsLink;
  let log: JobLog;
  let now = start;
  let requests: string[] = [];
  beforeEach(async () => {
    server = await startNatsServer();
    link = await connectTo([server.url], 'reads');
    now = start;
    const { connection } = link;
    const publish = connection.publish.bind(connection);
    connection.publish = (subject, ...rest) => {
      requests.push(subject.split('.').slice(0, 5).join('.'));
      publish(subject, ...rest);
    };
    log = await natsJobLog(link, { retentionMs: 7 * 86_400_000, now: () => now });
  });
  afterEach(async () => {
    await link.close();
    await server.stop();
  });

  const costOf = async (job: string): Promise<string[]> => {
    requests = [];
    expect(await log.read(job)).toBeUndefined();
    return requests.toSorted();
  };

  it('are the same for a deleted job, for one that is half expired, and for one that never existed', async () => {
    const never = await costOf(freshJobId());
    expect(never).toHaveLength(3);
    const { job, pool } = await deletedJob(log, 20);
    await log.purge(job, pool);
    expect(await costOf(job)).toEqual(never);

    const [spec] = stored(await log.submit(aJob(2)));
    const { of } = spec!.state;
    await write(log, status(cancelled(spec!.state as Queued, start)), spec!.sequence);
    // The server drops messages one by one.
    await (await managerOf(link)).streams.purge('reads_tasks', { seq: spec!.sequence + 1 });
    now = of.expiresAt + 1;
    expect(await costOf(of.job)).toEqual(never);
  });
});
