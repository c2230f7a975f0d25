// Resident memory of real processes, from /proc: a worker with images in flight, and an API with many open tasks.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { connectNats, natsJobLog } from '../src/adapters/nats/index.ts';
import { GenwardenClient } from '../src/client/index.ts';
import { startNatsServer } from '../test/support/natsServer.ts';
import { startProcess } from '../test/support/process.ts';
import { until } from '../test/support/until.ts';
import { inParallel } from './measure.ts';
import { aSpec } from './ours.ts';
import { environment, residentMb, start, urlOf } from './processes.ts';

const standinProgram = fileURLToPath(new URL('../src/standin/main.ts', import.meta.url));
const photograph = fileURLToPath(new URL('../examples/front-yard.jpg', import.meta.url));

/** MB: idle, and the peak while ten images were in flight, twice over. */
export async function workerMemory(): Promise<{ idle: number; busy: number; imageMb: string }> {
  await using nats = await startNatsServer();
  await using standin = await startProcess(process.execPath, [standinProgram, '--latency', '2s'], {
    readyWhen: /http:/,
  });
  const env = environment(nats, /http:\S+/.exec(standin.lines.join(' '))![0]);
  await using controller = await start(['controller'], { env, readyWhen: /controller started/ });
  await using worker = await start(['worker', '--concurrency', '10'], {
    env,
    readyWhen: /worker started/,
  });
  await using api = await start(['api'], { env, readyWhen: /API on/ });
  const client = new GenwardenClient({ url: urlOf(api) });
  const idle = residentMb(worker, 'VmRSS');
  const { artifact } = await client.uploadReference(readFileSync(photograph), 'image/jpeg');
  const tasks = Array.from({ length: 20 }, (_, index) => ({ input: { prompt: `yard ${index}` } }));
  const job = await client.submit({ kind: 'image', input: { references: [{ artifact }] }, tasks });
  const done = await client.wait(job.id);
  const bytes = done.tasks![0]!.artifacts.find(({ name }) => name === 'image')!.bytes;
  void controller;
  return { idle, busy: residentMb(worker, 'VmHWM'), imageMb: (bytes / 1e6).toFixed(1) };
}

/** MB: with an empty stream, and once the index holds `count` open tasks of as many jobs. */
export async function apiMemory(count: number): Promise<{ idle: number; full: number }> {
  await using nats = await startNatsServer();
  const env = environment(nats, 'http://127.0.0.1:9');
  const idle = await measureApi(env, 0);
  const link = await connectNats(
    { urls: [nats.url], prefix: 'genwarden', name: 'bench' },
    { signal: new AbortController().signal, log: pino({ level: 'silent' }) },
  );
  const log = await natsJobLog(link, { retentionMs: 7 * 86_400_000 });
  const clock = { now: Date.now } as Parameters<typeof aSpec>[0];
  await inParallel(count, 500, (index) => log.submit([aSpec(clock, `open${index}`)]));
  await link.close();
  return { idle, full: await measureApi(env, count) };
}

async function measureApi(env: Record<string, string>, open: number): Promise<number> {
  await using api = await start(['api'], { env, readyWhen: /API on/ });
  const ready = async (): Promise<boolean> => (await fetch(`${urlOf(api)}/readyz`)).status === 200;
  await until(ready, { what: `the api to have read ${open} open tasks`, timeoutMs: 120_000 });
  const { items } = await new GenwardenClient({ url: urlOf(api) }).listPage();
  if (open > 0 && items.length !== 50) throw new Error(`the api lists ${items.length} jobs where there are ${open}`);
  return residentMb(api, 'VmRSS');
}
