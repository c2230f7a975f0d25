// Job log and task queue on NATS while servers die and answers are lost. Each test covers a common mistake.

import type { NatsConnection } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { natsJobLog, natsTaskQueue, type NatsLink } from '../../src/adapters/nats/index.ts';
import type { JobLog } from '../../src/ports/jobLog.ts';
import type { TaskQueue } from '../../src/ports/taskQueue.ts';
import { connectTo } from './jobLogAdapters.ts';
import { startNatsServer, type NatsServer } from '../support/natsServer.ts';
import { claim, jobOf, stored, submitOne, write } from '../support/steps.ts';
import { aJob, start } from '../fakes/tasks.ts';
import { until } from '../support/until.ts';
import { managerOf } from '../support/jetStream.ts';

const options = { retentionMs: 7 * 86_400_000, now: () => start };

describe('job log and task queue on NATS, with faults', () => {
  let server: NatsServer;
  let link: NatsLink;
  let log: JobLog;
  let queue: TaskQueue;
  let stop: AbortController;
  beforeEach(async () => {
    server = await startNatsServer();
    link = await connectTo([server.url], 'genwarden');
    log = await natsJobLog(link, options);
    queue = natsTaskQueue(link);
    await queue.ensurePool('default');
    stop = new AbortController();
  });
  afterEach(async () => {
    stop.abort();
    await queue.close();
    await link.close();
    await server.stop();
  });

  const dieAndComeBack = async (): Promise<void> => {
    server.kill('SIGKILL');
    await server.exited;
    await server.restart();
  };

  it('a request sent into a dying connection is sent again at the reconnect, not after its timeout', async () => {
    const spec = await submitOne(log);
    server.kill('SIGSTOP');
    const writing = log.write(claim(spec), spec.sequence);
    const reading = log.read(spec.state.of.job);
    await dieAndComeBack();
    await until(() => link.connected(), { what: 'the reconnect' });
    const reconnected = performance.now();
    expect((await writing).outcome).toBe('written');
    expect((await reading)?.tasks).toHaveLength(1);
    expect(performance.now() - reconnected).toBeLessThan(1_500);
    expect(await log.history(spec.state.of.job)).toHaveLength(2);
  });

  it('a write waits for a server that is away for a moment, and happens once', async () => {
    const spec = await submitOne(log);
    server.kill('SIGKILL');
    await server.exited;
    const writing = log.write(claim(spec), spec.sequence);
    const submitting = log.submit(aJob(5));
    await server.restart();
    expect((await writing).outcome).toBe('written');
    stored(await submitting);
    expect(await log.history(spec.state.of.job)).toHaveLength(2);
  });

  it('requests fail with Unavailable while a server stays away, and are not stored when it is back', async () => {
    const spec = await submitOne(log);
    server.kill('SIGKILL');
    await server.exited;
    const jobs = [aJob(1), aJob(3)];
    const failures = await Promise.allSettled([
      log.write(claim(spec), spec.sequence),
      ...jobs.map((specs) => log.submit(specs)),
      log.read(spec.state.of.job),
      log.health(),
    ]);
    expect(failures.map((one) => one.status === 'rejected' && (one.reason as { code: string }).code)).toEqual(
      failures.map(() => 'Unavailable'),
    );
    await server.restart();
    await until(() => link.connected(), { what: 'the reconnect' });
    for (const [first] of jobs) expect(await log.read(first!.state.of.job)).toBeUndefined();
    expect(await log.history(spec.state.of.job)).toHaveLength(1);
  });

  it('pulls that died with a server are renewed at the reconnect', async () => {
    const waiting = queue.claimable('default', 1, stop.signal);
    await dieAndComeBack();
    const spec = await submitOne(log);
    const [delivery] = await waiting;
    expect(delivery!.entry.sequence).toBe(spec.sequence);
  });

  it('a consumer that is deleted and created again continues without the finished tasks', async () => {
    const [first, second] = stored(await log.submit(aJob(2)));
    for (let left = 2; left > 0;) {
      const deliveries = await queue.claimable('default', left, stop.signal);
      for (const { ack } of deliveries) ack();
      left -= deliveries.length;
    }
    await until(async () => (await queue.depth('default')).unacknowledged === 0, { what: 'the acknowledgements' });
    const waiting = queue.claimable('default', 1, stop.signal);
    const { position } = await log.health();
    await log.saveWatermark({ epoch: position.epoch, sequence: position.sequence + 1, stragglers: [] });
    for (const lane of ['again', 'high', 'normal', 'low']) {
      await (await managerOf(link)).consumers.delete('genwarden_tasks', `default_${lane}`);
    }
    await queue.ensurePool('default');
    const third = await submitOne(log);
    expect((await waiting).map(({ entry }) => entry.sequence)).toEqual([third.sequence]);
    expect(third.sequence).toBeGreaterThan(Math.max(first!.sequence, second!.sequence));
  });

  it('deliveries to a closed queue are offered to others immediately', async () => {
    const other = natsTaskQueue(link);
    const impatient = new AbortController();
    const taking = other.claimable('default', 1, impatient.signal);
    const pulls = async () =>
      (await (await managerOf(link)).consumers.info('genwarden_tasks', 'default_normal')).num_waiting;
    await until(async () => (await pulls()) === 1, { what: 'a standing pull' });
    impatient.abort();
    const spec = await submitOne(log);
    expect(await taking).toEqual([]);
    await until(async () => (await queue.depth('default')).unacknowledged === 1, { what: 'the delivery' });
    await other.close();
    const asked = performance.now();
    const [delivery] = await queue.claimable('default', 1, stop.signal);
    expect(delivery!.entry.sequence).toBe(spec.sequence);
    expect(performance.now() - asked).toBeLessThan(2_500);
  });

  it("a follower survives the server's death: every entry once, in order", async () => {
    const entries = stored(await log.submit(aJob(10)));
    const follower = follow(log);
    await until(() => follower.sequences.length === 10, { what: 'the first entries' });
    await dieAndComeBack();
    for (const spec of entries) await write(log, claim(spec), spec.sequence);
    await until(() => follower.sequences.length === 20, { what: 'the later entries' });
    expect(follower.sequences).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    await until(() => follower.events.at(-1) === 'caughtUp', { what: 'the follower to be current again' });
    expect(follower.events).toContain('lagging');
  });

  it.each([
    ['falls silent', Infinity],
    ['loses a message', 1],
  ])('a follower replaces a consumer that %s, and misses nothing', async (_name, toLose) => {
    let losing = 0;
    const deaf = await natsJobLog({ ...link, connection: losingDeliveries(link, () => losing-- > 0) }, options);
    const follower = follow(deaf);
    await until(() => follower.events.includes('caughtUp'), { what: 'the follower to be current' });
    losing = toLose;
    stored(await log.submit(aJob(3)));
    await until(() => follower.events.includes('lagging'), { what: 'the watchdog' });
    losing = 0;
    stored(await log.submit(aJob(2)));
    await until(() => follower.sequences.length === 5, { what: 'all entries' });
    expect(follower.sequences).toEqual([1, 2, 3, 4, 5]);
  });

  it('a batch that a client left incomplete does not block other submits', async () => {
    const specs = aJob(3);
    const { headers } = await import('@nats-io/transport-node');
    const abandoned = headers();
    abandoned.append('Nats-Batch-Id', 'abandoned');
    abandoned.append('Nats-Batch-Sequence', '1');
    link.connection.publish('genwarden.spec.default.normal.abandoned.0', 'x', { headers: abandoned });
    const jobs = await Promise.all(Array.from({ length: 60 }, () => log.submit(aJob(2))));
    expect(jobs.every(({ outcome }) => outcome === 'stored')).toBe(true);
    stored(await log.submit(specs));
    expect((await log.read(jobOf(specs)))?.tasks).toHaveLength(3);
  });

  function follow(from: JobLog): { sequences: number[]; events: string[] } {
    const seen = { sequences: [] as number[], events: [] as string[] };
    void (async () => {
      for await (const event of from.follow({ from: 'watermark' }, stop.signal)) {
        seen.events.push(event.event);
        if (event.event === 'entry') seen.sequences.push(event.entry.sequence);
      }
    })();
    return seen;
  }
});

/** The link's connection, which loses consumers' deliveries while `loses` returns true. */
function losingDeliveries({ connection }: NatsLink, loses: () => boolean): NatsConnection {
  const subscribe: NatsConnection['subscribe'] = (subject, given = {}) =>
    connection.subscribe(subject, {
      ...given,
      callback: (error, message) => {
        if (message.reply?.startsWith('$JS.ACK.') !== true || !loses()) void given.callback!(error, message);
      },
    });
  return new Proxy(connection, {
    get: (target, name) => {
      if (name === 'subscribe') return subscribe;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
