// Heartbeats over a real connection: invalid messages, a server that goes away, and the system account's events.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  answerRollCalls,
  natsHeartbeats,
  watchConnectionLosses,
  type NatsLink,
} from '../../../src/adapters/nats/index.ts';
import type { Beat, BeatEvent, Heartbeats } from '../../../src/ports/heartbeats.ts';
import { silentLog } from '../../conformance/ports.ts';
import { startProcess } from '../../support/process.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { until } from '../../support/until.ts';
import { openNats } from './openNats.ts';

const beat = (worker: string, number = 1): Omit<Beat, 'connection'> => ({
  worker,
  pool: 'front',
  host: 'a-host',
  pid: 7,
  version: '0.1.0',
  startedAt: 0,
  number,
  tasks: [],
  slots: { total: 1, busy: 0, leaked: 0 },
  eventLoopLag: 0,
  memory: 0,
  draining: false,
});

/** The events that the observer sees until the test ends. Resolves once the server knows its subscription. */
async function watch(heartbeats: Heartbeats, link: NatsLink): Promise<BeatEvent[]> {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const seen: BeatEvent[] = [];
  const events = heartbeats.watch(stop.signal);
  void (async () => {
    for await (const event of events) seen.push(event);
  })();
  await link.connection.flush();
  return seen;
}

test('invalid messages are dropped, and the beats around them arrive', async () => {
  const { link, prefix } = await openNats();
  const [worker, observer] = [await link(), await link()];
  const seen = await watch(natsHeartbeats(observer), observer);
  const heartbeats = natsHeartbeats(worker);
  heartbeats.beat(beat('w-1', 1));
  const connection = { server: 'S', client: 1 };
  const incomplete = JSON.stringify({ ...beat('w-1'), connection, slots: undefined });
  for (const garbage of ['', 'nonsense', '{}', 'null', incomplete]) {
    worker.connection.publish(`${prefix}.beat.front.w-1`, garbage);
  }
  // A newer version says more than this one knows.
  worker.connection.publish(
    `${prefix}.beat.front.w-1`,
    JSON.stringify({ ...beat('w-1', 2), connection, mood: 'good' }),
  );
  heartbeats.beat(beat('w-1', 3));
  await until(() => seen.length >= 3, { what: 'the beats' });
  expect(seen.map((event) => event.event === 'beat' && event.beat.number)).toEqual([1, 2, 3]);
  expect(seen[1]).toEqual({ event: 'beat', beat: { ...beat('w-1', 2), connection } });
});

test('every worker beats at once when an observer starts or reconnects', async () => {
  const { server, link } = await openNats();
  const [worker, observer] = [await link(), await link()];
  let number = 0;
  const heartbeats = natsHeartbeats(worker);
  let checks = 0;
  answerRollCalls(
    worker,
    () => heartbeats.beat(beat('w-1', (number += 1))),
    () => (checks += 1),
  );
  await worker.connection.flush();
  const seen = await watch(natsHeartbeats(observer), observer);
  const beats = (): number => seen.filter(({ event }) => event === 'beat').length;
  await until(() => beats() === 1, { what: 'the answer to the first roll call' });
  expect(natsHeartbeats(observer).requestProviderChecks()).toBe(true);
  await until(() => checks === 1, { what: 'the request to check the provider' });
  await server.restart();
  await until(() => seen.some(({ event }) => event === 'observerReconnected') && beats() >= 2, {
    what: 'the next answer',
  });
});

test("a worker's name cannot widen a subject", async () => {
  const { link } = await openNats();
  const one = await link();
  const seen = await watch(natsHeartbeats(one), one);
  natsHeartbeats(one).beat(beat('w.>.*'));
  await until(() => seen.length === 1, { what: 'the beat' });
  expect(seen[0]).toMatchObject({ event: 'beat', beat: { worker: 'w.>.*' } });
});

test("an observer learns that it is disconnected and back, and first receives the worker's last beat with its new ids", async () => {
  const { server, link } = await openNats();
  const [worker, observer] = [await link(), await link()];
  const heartbeats = natsHeartbeats(worker);
  const seen = await watch(natsHeartbeats(observer), observer);
  heartbeats.beat(beat('w-1'));
  await until(() => seen.length === 1, { what: 'the first beat' });
  // The observer's own worker shares its connection, so that its beat cannot come before the observer listens again.
  natsHeartbeats(observer).beat(beat('w-2'));
  await until(() => seen.length === 2, { what: 'the second beat' });
  await server.restart();
  await until(() => seen.some(({ event }) => event === 'observerReconnected'), { what: 'the observer to be back' });
  await until(() => seen.filter(({ event }) => event === 'beat').length >= 3, { what: 'a beat after the reconnect' });
  expect(seen[2]).toEqual({ event: 'observerDisconnected' });
  const again = seen.findLast((event) => event.event === 'beat' && event.beat.worker === 'w-2');
  expect(again).toMatchObject({ beat: { connection: { server: observer.serverId(), client: observer.clientId() } } });
});

test('a beat while disconnected is lost, not sent later', async () => {
  const { server, link } = await openNats();
  const worker = await link();
  const heartbeats = natsHeartbeats(worker);
  heartbeats.beat(beat('w-1', 1));
  server.kill('SIGKILL');
  await until(() => !worker.connected(), { what: 'the loss' });
  heartbeats.beat(beat('w-1', 2));
  heartbeats.beat(beat('w-1', 3));
  await server.restart();
  const observer = await link();
  const seen = await watch(natsHeartbeats(observer), observer);
  await worker.whenConnected(AbortSignal.timeout(5_000));
  heartbeats.beat(beat('w-1', 4));
  await until(() => seen.some((event) => event.event === 'beat' && event.beat.number === 4), { what: 'the last beat' });
  const numbers = seen.flatMap((event) => (event.event === 'beat' ? event.beat.number : []));
  expect(numbers).not.toContain(2);
});

async function observerOfLosses(holdMs: number) {
  const { server, prefix, link } = await openNats({ systemAccount: true });
  const { user, password } = server.systemUser!;
  const settings = { urls: [server.url], prefix, name: 'controller', systemUser: user, systemPassword: password };
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const observer = await link();
  const losses = watchConnectionLosses(settings, { holdMs, signal: stop.signal, log: silentLog })!;
  await losses.listening;
  const seen = await watch(natsHeartbeats(observer, { losses }), observer);
  const lost = (): string[] => seen.flatMap((event) => (event.event === 'connectionLost' ? event.worker : []));
  return { server, prefix, link, seen, lost };
}

test('a killed worker process is reported at once; one that closes and returns is not', async () => {
  const { server, prefix, link, seen, lost } = await observerOfLosses(300);
  const blip = await link('w-blip');
  const kept = natsHeartbeats(blip);
  const child = await workerProcess(server.url, prefix, 'w-killed');
  await until(
    () => {
      kept.beat(beat('w-blip'));
      return seen.some((event) => event.event === 'beat' && event.beat.worker === 'w-killed');
    },
    { what: 'beats of both' },
  );
  await blip.connection.reconnect();
  await until(() => blip.connected(), { what: 'the other to be back' });
  child.kill('SIGKILL');
  await until(() => lost().length > 0, { what: 'the loss to be reported', timeoutMs: 5_000 });
  kept.beat(beat('w-blip', 2));
  await until(() => seen.some((event) => event.event === 'beat' && event.beat.number === 2), { what: 'its next beat' });
  expect(lost()).toEqual(['w-killed']);
});

test('without a user of the system account there is nothing to watch', () => {
  const settings = { urls: ['nats://127.0.0.1:1'], prefix: 'p', name: 'controller' };
  const context = { holdMs: 1, signal: AbortSignal.abort(), log: silentLog };
  expect(watchConnectionLosses(settings, context)).toBeUndefined();
});

/** A process that beats four times a second. */
async function workerProcess(url: string, prefix: string, name: string) {
  const folder = await tempFolder();
  onTestFinished(() => folder.remove());
  const adapter = new URL('../../../src/adapters/nats/index.ts', import.meta.url).href;
  const script = join(folder.path, 'worker.mts');
  await writeFile(
    script,
    `import { connectNats, natsHeartbeats } from ${JSON.stringify(adapter)};
     const log = { debug() {}, info() {}, warn() {} };
     const signal = new AbortController().signal;
     const link = await connectNats({ urls: ['${url}'], prefix: '${prefix}', name: '${name}' }, { signal, log });
     const heartbeats = natsHeartbeats(link);
     const beat = ${JSON.stringify(beat(name))};
     setInterval(() => heartbeats.beat(beat), 250);
     console.log('beating');`,
  );
  return startProcess(process.execPath, [script], { readyWhen: /beating/ });
}
