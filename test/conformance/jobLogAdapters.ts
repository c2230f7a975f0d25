// An installation of job log and task queue in memory, and one on NATS: the conformance suites run on both.

import { jetstream } from '@nats-io/jetstream';
import { type Msg, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll } from 'vitest';
import { systemClock } from '../fakes/clock.ts';
import { fakeJobLog } from '../fakes/jobLog.ts';
import { fakeTaskQueue } from '../fakes/taskQueue.ts';
import { encodeWrite } from '../../src/adapters/nats/stream/codec.ts';
import { connectNats, natsJobLog, natsTaskQueue, type NatsLink } from '../../src/adapters/nats/index.ts';
import { streamName, subjectOf } from '../../src/adapters/nats/stream/subjects.ts';
import type { SpecWrite } from '../../src/job/task.ts';
import type { JobLog } from '../../src/ports/jobLog.ts';
import type { TaskQueue } from '../../src/ports/taskQueue.ts';
import { startNatsServer, type NatsServer } from '../support/natsServer.ts';
import { start } from '../fakes/tasks.ts';
import { managerOf } from '../support/jetStream.ts';

export interface LogProcess {
  readonly log: JobLog;
  readonly queue: TaskQueue;
}

/** One installation, seen from two processes. */
export interface LogInstallation extends LogProcess, AsyncDisposable {
  readonly other: LogProcess;
  /** Sets the time of the log. */
  setNow(now: number): void;
  /** The answer to the next write of `log` that takes effect never arrives. */
  loseNextAnswer(): void;
  /** Stores a spec as a newer major version of Genwarden would. */
  putNewer(spec: SpecWrite): Promise<void>;
  /** Deletes the stream and creates it again. */
  replaceStream(): Promise<void>;
  /** Why followers and queues skipped a message. */
  readonly skipped: string[];
}

export interface Adapter {
  readonly name: string;
  open(): Promise<LogInstallation>;
}

const week = 7 * 86_400_000;

/** Call it while a suite is collected: the server lives as long as the suite. */
export function natsAdapter(): Adapter {
  let server: NatsServer;
  beforeAll(async () => {
    server = await startNatsServer();
  });
  afterAll(() => server.stop());
  return { name: 'NATS', open: () => natsInstallation([server.url]) };
}

export const memoryAdapter: Adapter = { name: 'memory', open: () => Promise.resolve(memoryInstallation()) };

let installations = 0;

export async function connectTo(urls: readonly string[], prefix: string, replicas = 1): Promise<NatsLink> {
  const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  return connectNats({ urls, prefix, replicas, name: 'test' }, { signal: AbortSignal.timeout(20_000), log });
}

async function natsInstallation(urls: readonly string[]): Promise<LogInstallation> {
  installations += 1;
  const prefix = `t${installations}`;
  const links = [await connectTo(urls, prefix), await connectTo(urls, prefix)] as const;
  let now = start;
  const skipped: string[] = [];
  const options = { retentionMs: week, now: () => now, onSkipped: (why: string): void => void skipped.push(why) };
  const losing = losingAnswers(links[0].connection);
  const openProcess = async (link: NatsLink): Promise<LogProcess> => ({
    log: await natsJobLog(link, options),
    queue: natsTaskQueue(link, options),
  });
  const own = await openProcess({ ...links[0], connection: losing.connection });
  const other = await openProcess(links[1]);
  return {
    ...own,
    other,
    skipped,
    setNow: (next) => void (now = next),
    loseNextAnswer: losing.loseNext,
    putNewer: async (spec) => {
      const { headers: encoded, body } = encodeWrite(spec, 'newer');
      encoded.set('Genwarden-Schema', '3.0');
      await jetstream(links[0].connection).publish(subjectOf(prefix, spec.state), body, { headers: encoded });
    },
    replaceStream: async () => {
      await (await managerOf(links[0])).streams.delete(streamName(prefix));
      await natsJobLog(links[1], options);
    },
    [Symbol.asyncDispose]: async () => {
      for (const { queue } of [own, other]) await queue.close();
      await (await managerOf(links[0])).streams.delete(streamName(prefix));
      for (const link of links) await link.close();
    },
  };
}

/** A connection that drops the next acknowledgement of a publish after `loseNext`. */
function losingAnswers(connection: NatsConnection): { connection: NatsConnection; loseNext: () => void } {
  let toLose = 0;
  const isAck = (message: Msg): boolean =>
    message.data.length > 0 && /^\{"stream":"[^"]*", ?"seq":/.test(message.string());
  const swallowing: NatsConnection['subscribe'] = (subject, given = {}) =>
    connection.subscribe(subject, {
      ...given,
      ...(given.callback && {
        callback: (error, message) => {
          if (toLose > 0 && isAck(message)) toLose -= 1;
          else void given.callback!(error, message);
        },
      }),
    });
  const wrapped = new Proxy(connection, {
    get: (target, name) => {
      if (name === 'subscribe') return swallowing;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return { connection: wrapped, loseNext: () => void (toLose += 1) };
}

function memoryInstallation(): LogInstallation {
  let now = start;
  const skipped: string[] = [];
  const onSkipped = (why: string): void => void skipped.push(why);
  const log = fakeJobLog({ clock: { now: () => now }, onSkipped });
  const queue = fakeTaskQueue({ stream: log.stream, clock: systemClock(), onSkipped });
  return {
    log,
    queue,
    other: { log, queue },
    skipped,
    setNow: (next) => void (now = next),
    loseNextAnswer: () => void (log.answersToLose += 1),
    putNewer: (spec) => Promise.resolve(void log.stream.append(spec, 'newer', now, true)),
    replaceStream: () => Promise.resolve(log.stream.replace()),
    [Symbol.asyncDispose]: () => queue.close(),
  };
}
