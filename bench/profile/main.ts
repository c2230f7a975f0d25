// `make bench-profile`: where the time of one process goes while it works as hard as it can: the API under submits, a worker
// and a client of the log under whole lives.

import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { markdownTable } from '../../test/support/markdownTable.ts';
import { startNatsServer } from '../../test/support/natsServer.ts';
import { startProcess } from '../../test/support/process.ts';
import { tempFolder } from '../../test/support/tempFolder.ts';
import { until } from '../../test/support/until.ts';
import { sendLoad } from '../http/load.ts';
import { childOf } from '../peers/contender.ts';
import { bodyOf } from '../peers/payload.ts';
import { environment, urlOf } from '../processes.ts';
import { machine, machineLines, versions } from '../result.ts';
import { byPart, selfTimes, type CpuProfile, type SelfTime } from './selfTime.ts';

const { values } = parseArgs({
  options: {
    scenario: { type: 'string', default: 'http,lives,submit' },
    count: { type: 'string', default: '20000' },
    top: { type: 'string', default: '10' },
    /** MB for young objects; by default as `bin/genwarden` starts the process. */
    'semi-space': { type: 'string' },
    /** Keeps the profiles there, to open in a browser's developer tools. */
    keep: { type: 'string' },
  },
});
const count = Number(values.count);
const warmUps = 2_000;
const patience = 300_000;
const built = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const profilerFlags = ['--import', new URL('onSignal.ts', import.meta.url).href];

const scenarios: Record<string, (file: string) => Promise<string>> = { http, lives, submit };

process.stdout.write(
  `${machineLines({ startedAt: new Date().toISOString(), machine: machine(), versions: versions(), options: values })}\n`,
);
for (const name of values.scenario.split(',')) {
  const run = scenarios[name];
  if (run === undefined) throw new Error(`--scenario ${name}: ${Object.keys(scenarios).join(', ')}`);
  await using folder = await tempFolder('profile');
  const file = join(values.keep ?? folder.path, `${name}.cpuprofile`);
  mkdirSync(values.keep ?? folder.path, { recursive: true });
  for (const old of [file, `${file}.started`]) rmSync(old, { force: true });
  const figure = await run(file);
  rmSync(`${file}.started`);
  print(`${name}: ${figure}`, JSON.parse(readFileSync(file, 'utf8')) as CpuProfile);
}

function semiSpace(megabytes: number): string {
  return `--max-semi-space-size=${values['semi-space'] ?? megabytes}`;
}

/** Profiles the process while `work` runs. */
async function profiled(pid: number, file: string, work: () => Promise<string>): Promise<string> {
  const wait = { what: 'the profiler', timeoutMs: patience };
  process.kill(pid, 'SIGPWR');
  await until(() => existsSync(`${file}.started`), wait);
  const figure = await work();
  process.kill(pid, 'SIGPWR');
  await until(() => existsSync(file), wait);
  return figure;
}

/** The API process, as it is installed, under `POST /v1/jobs`. */
async function http(file: string): Promise<string> {
  await using nats = await startNatsServer();
  // It declares the pool.
  const client = await childOf('ourChild.ts', nats.url);
  await client[Symbol.asyncDispose]();
  const env = { ...environment(nats, 'http://127.0.0.1:9'), BENCH_PROFILE: file };
  const flags = [semiSpace(4), '--heap-growing-percent=40', ...profilerFlags];
  const options = { env, readyWhen: /API on/, timeoutMs: patience };
  await using api = await startProcess(process.execPath, [...flags, built, 'api'], options);
  const url = urlOf(api);
  await until(async () => (await fetch(`${url}/readyz`)).ok, { what: 'the API', timeoutMs: patience });
  const load = { url, connections: 64, method: 'POST', path: '/v1/jobs', body: bodyOf, status: 202 } as const;
  await sendLoad({ ...load, count: warmUps });
  return await profiled(api.pid, file, async () => {
    const { perSecond, ms } = await sendLoad({ ...load, count });
    return `${count} submits over HTTP, ${perSecond.toFixed(0)}/s, p50 ${ms.p50.toFixed(1)} ms, p99 ${ms.p99.toFixed(1)} ms`;
  });
}

/** A worker that runs queued tasks to their end. */
async function lives(file: string): Promise<string> {
  await using nats = await startNatsServer();
  await using client = await childOf('ourChild.ts', nats.url);
  process.env['BENCH_PROFILE'] = file;
  await using worker = await childOf('ourChild.ts', nats.url, [semiSpace(2), ...profilerFlags]);
  const ended = (tasks: number) =>
    until(() => worker.progress.ended === tasks, { what: `${tasks} tasks to end`, timeoutMs: patience });
  await worker.tell({ do: 'work', slots: 200 });
  await client.tell({ do: 'add', from: 0, count: warmUps, atOnce: 500 });
  await ended(warmUps);
  await worker.tell({ do: 'stop' });
  await client.tell({ do: 'add', from: warmUps, count, atOnce: 500 });
  return await profiled(worker.pid, file, async () => {
    const start = performance.now();
    await worker.tell({ do: 'work', slots: 200 });
    await ended(warmUps + count);
    return `${count} whole lives in one worker, ${((count * 1_000) / (performance.now() - start)).toFixed(0)}/s`;
  });
}

/** A client that writes to the job log itself. */
async function submit(file: string): Promise<string> {
  await using nats = await startNatsServer();
  process.env['BENCH_PROFILE'] = file;
  await using client = await childOf('ourChild.ts', nats.url, profilerFlags);
  await client.tell({ do: 'add', from: 0, count: warmUps, atOnce: 500 });
  return await profiled(client.pid, file, async () => {
    const start = performance.now();
    await client.tell({ do: 'add', from: warmUps, count, atOnce: 500 });
    return `${count} submits to the log, ${((count * 1_000) / (performance.now() - start)).toFixed(0)}/s`;
  });
}

function print(title: string, profile: CpuProfile): void {
  const times = selfTimes(profile);
  const row = ({ name, where, ms, share }: SelfTime): string[] => [
    where === '' ? name : `${name} (${where})`,
    ms.toFixed(0),
    (share * 100).toFixed(1),
  ];
  const top = Number(values.top);
  process.stdout.write(
    `\n${title}\n\n${markdownTable(['function, by self time', 'ms', '%'], times.slice(0, top).map(row))}\n` +
      markdownTable(['part, by self time', 'ms', '%'], byPart(times).slice(0, top).map(row)),
  );
}
