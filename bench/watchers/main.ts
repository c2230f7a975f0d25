// `make bench-watchers`: very many event streams on one API while tasks change: how soon each event arrives, what a stream weighs,
// and whether a client that does not read harms the others. Every event must arrive exactly once at each of its streams.

import { parseArgs } from 'node:util';
import pino from 'pino';
import { sleep } from '../../src/async/sleep.ts';
import { connectNats } from '../../src/adapters/nats/index.ts';
import { claimed, submitted } from '../../src/job/transitions.ts';
import type { LogEntry } from '../../src/ports/jobLog.ts';
import type { Queued } from '../../src/job/task.ts';
import { markdownTable } from '../../test/support/markdownTable.ts';
import { startNatsServer } from '../../test/support/natsServer.ts';
import { until } from '../../test/support/until.ts';
import { LagProbe } from '../growth/lagProbe.ts';
import { inParallel, percentiles } from '../measure.ts';
import { aSpec, declarePools, openOurs, type Ours } from '../ours.ts';
import { environment, residentBytes, start, urlOf } from '../processes.ts';
import { machine, machineLines, save, versions } from '../result.ts';
import { openStream, type OpenStream } from './streams.ts';

const { values } = parseArgs({
  options: {
    streams: { type: 'string', default: '2000' },
    /** Of them, how many watch all jobs; the others watch a job each. */
    wide: { type: 'string', default: '10' },
    /** A second. */
    events: { type: 'string', default: '500' },
    seconds: { type: 'string', default: '20' },
    json: { type: 'string' },
  },
});
const [wide, rate] = [Number(values.wide), Number(values.events)];
/** As many jobs as streams that watch one. */
const jobs = Number(values.streams) - wide;
const tasksAJob = Math.ceil((rate * Number(values.seconds)) / jobs);
const patience = 120_000;

const result = { startedAt: new Date().toISOString(), machine: machine(), versions: versions(), options: values };
process.stdout.write(`${machineLines(result)}\n`);
await using owned = new AsyncDisposableStack();
const nats = owned.use(await startNatsServer());
const ours = await openAll();
const entries = await submitAll();
const env = environment(nats, 'http://127.0.0.1:9');
const api = owned.use(await start(['api'], { env, readyWhen: /API on/, timeoutMs: patience }));
const url = urlOf(api);
await until(async () => (await fetch(`${url}/readyz`)).ok, { what: 'the API', timeoutMs: patience });
const idle = residentBytes(api.pid);

/** ms from the write of each task to its arrival at each stream. */
const delays = { one: [] as number[], all: [] as number[] };
const writtenAt = new Map<string, number>();
const open = await openStreams();
const slow = owned.use(await openStream(url, '/v1/events', {}, undefined));
const withStreams = residentBytes(api.pid);
const probe = owned.use(await LagProbe.start(url));
const seconds = await changeAll();
await expectAll();
report(await probe.longest());

async function openAll(): Promise<Ours> {
  const settings = { urls: [nats.url], prefix: 'genwarden', name: 'bench-watchers' };
  const signal = new AbortController().signal;
  const link = await connectNats(settings, { signal, log: pino({ level: 'silent' }) });
  owned.defer(() => link.close());
  const opened = await openOurs(link);
  await declarePools(link, ['default']);
  return opened;
}

/** What the log has of each task; those of a job are far apart. */
async function submitAll(): Promise<LogEntry[]> {
  const stored: LogEntry[] = [];
  await inParallel(jobs, 100, async (job) => {
    const { state, detail } = aSpec(ours.clock, `01${String(job).padStart(24, '0')}`);
    const specs = Array.from({ length: tasksAJob }, (_, task) => ({
      state: submitted({ ...state.of, task, total: tasksAJob }),
      detail,
    }));
    const outcome = await ours.log.submit(specs);
    if (outcome.outcome !== 'stored') throw new Error(`job ${job}: ${outcome.outcome}`);
    stored.push(...outcome.entries);
  });
  return stored.toSorted((one, other) => one.state.of.task - other.state.of.task);
}

async function openStreams(): Promise<OpenStream[]> {
  const opened: OpenStream[] = [];
  await inParallel(jobs + wide, 50, async (index) => {
    const isWide = index >= jobs;
    const path = isWide ? '/v1/events' : `/v1/jobs/01${String(index).padStart(24, '0')}/events`;
    const into = isWide ? delays.all : delays.one;
    const stream = await openStream(url, path, {}, (key, at) => into.push(at - writtenAt.get(key)!));
    opened.push(owned.use(stream));
  });
  return opened;
}

/** Claims every task at the rate; the seconds that it took. */
async function changeAll(): Promise<number> {
  const begun = performance.now();
  const pending: Promise<unknown>[] = [];
  for (const [index, { state, sequence }] of entries.entries()) {
    const wait = begun + (index * 1_000) / rate - performance.now();
    if (wait > 1) await sleep(wait);
    writtenAt.set(`${state.of.job}.${state.of.task}`, performance.now());
    const next = claimed(state as Queued, 'bench', 1, ours.clock.now());
    pending.push(ours.log.write({ state: next, detail: { message: 'Claimed' } }, sequence));
  }
  await Promise.all(pending);
  return (performance.now() - begun) / 1_000;
}

async function expectAll(): Promise<void> {
  const expected = { one: entries.length, all: entries.length * wide };
  const found = (): string => `${delays.one.length} and ${delays.all.length}`;
  const arrived = (): boolean => delays.one.length >= expected.one && delays.all.length >= expected.all;
  await until(arrived, { what: 'events', timeoutMs: patience }).catch(() => undefined);
  if (delays.one.length !== expected.one || delays.all.length !== expected.all)
    throw new Error(`${found()} events arrived instead of ${expected.one} and ${expected.all}`);
  if (open.some((stream) => !stream.isOpen())) throw new Error('the API closed a stream that reads');
}

function report(lag: number): void {
  const bytes = { idle, withStreams, end: residentBytes(api.pid) };
  const row = (title: string, all: readonly number[]): string[] => {
    const { p50, p99, max } = percentiles(all);
    return [title, String(all.length), p50.toFixed(1), p99.toFixed(1), max.toFixed(1)];
  };
  const lines = [row(`${jobs} streams of one job`, delays.one), row(`${wide} streams of all jobs`, delays.all)];
  process.stdout.write(
    `\n${markdownTable(['from write to arrival', 'events', 'p50 (ms)', 'p99 (ms)', 'max (ms)'], lines)}` +
      `${entries.length} transitions in ${seconds.toFixed(1)} s (${(entries.length / seconds).toFixed(0)}/s); ` +
      `longest wait of /healthz ${lag.toFixed(1)} ms\n` +
      `API, resident MB: ${Object.values(bytes).map(megabytes).join(', ')} (without streams, with them, at the end): ` +
      `${((withStreams - idle) / (jobs + wide) / 1_024).toFixed(1)} KiB a stream; ` +
      `the client that does not read is ${slow.isOpen() ? 'still connected' : 'disconnected'}\n`,
  );
  const of = (all: readonly number[]) => percentiles(all);
  save(values.json, { ...result, one: of(delays.one), all: of(delays.all), bytes, lag });
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
