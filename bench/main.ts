// `make bench`: submits, task throughput and dispatch compared with bare loops of the same JetStream operations, and the memory
// of worker and API. Machines are noisy, so each bare loop runs in the same process next to ours: read the ratios.

import pino from 'pino';
import { connectNats, type NatsLink } from '../src/adapters/nats/index.ts';
import { encodeWrite } from '../src/adapters/nats/stream/codec.ts';
import { claimed } from '../src/job/transitions.ts';
import type { TaskWrite } from '../src/job/task.ts';
import { startNatsServer } from '../test/support/natsServer.ts';
import { bareDispatch, bareLives, bareSubmits, openBareStream, type BareStream, type Sample } from './bare.ts';
import { apiMemory, workerMemory } from './memory.ts';
import { median } from './measure.ts';
import { aSpec, openOurs, ourDispatch, ourLives, ourSubmits, type Ours } from './ours.ts';

const rounds = 5;
const perRound = 10_000;
const submitsAtOnce = 500;
const slots = 200;
const dispatches = 1_000;

/** `node bench/main.ts [jetstream] [memory]`; both by default. */
async function main(parts: readonly string[]): Promise<void> {
  if (parts.length === 0 || parts.includes('jetstream')) await jetStream();
  if (parts.length === 0 || parts.includes('memory')) await memory();
}

async function jetStream(): Promise<void> {
  await using nats = await startNatsServer();
  const link = await connect(nats.url, 'bench-ours');
  const bareLink = await connect(nats.url, 'bench-bare');
  const ours = await openOurs(link);
  const bare = await openBareStream(bareLink, 'genwarden_tasks', ...samples(ours));
  await throughput(ours, bare);
  await dispatch(ours, bare);
  await ours.queue.close();
  await Promise.all([link.close(), bareLink.close()]);
}

function connect(url: string, name: string): Promise<NatsLink> {
  const settings = { urls: [url], prefix: 'genwarden', name };
  return connectNats(settings, { signal: new AbortController().signal, log: pino({ level: 'silent' }) });
}

/** A real spec and a real status, for messages of the same size. */
function samples({ clock }: Ours): [Sample, Sample] {
  const spec = aSpec(clock, 'sample');
  const running = claimed(spec.state, 'bench-12345', 1, clock.now());
  return [asSample(spec), asSample({ state: running, detail: { message: 'Worker bench-12345 runs attempt 1 of 3' } })];
}

function asSample(write: TaskWrite): Sample {
  const { headers, body } = encodeWrite(write, 'ABCDEFGHIJKLMNOPQRSTUV');
  return { headers: headers.keys().map((name) => [name, headers.get(name)] as const), body };
}

async function throughput(ours: Ours, bare: BareStream): Promise<void> {
  const submits: Pair[] = [];
  const lives: Pair[] = [];
  for (let round = 0; round < rounds; round += 1) {
    submits.push({
      bare: await bareSubmits(bare, perRound, submitsAtOnce, `r${round}x`),
      ours: await ourSubmits(ours, perRound, submitsAtOnce, `r${round}x`),
    });
    lives.push({ bare: await bareLives(bare, perRound, slots), ours: await ourLives(ours, perRound, slots) });
  }
  report(`submits/s (one task each, ${submitsAtOnce} concurrent, ${rounds} × ${perRound})`, submits, '≥ 70 %');
  report(
    `tasks/s from claim to end (no-op provider, ${slots} slots, one worker, ${rounds} × ${perRound})`,
    lives,
    '≥ 85 %',
  );
}

interface Pair {
  readonly bare: number;
  readonly ours: number;
}

function report(what: string, pairs: readonly Pair[], aim: string): void {
  const ratio = median(pairs.map(({ ours, bare }) => ours / bare));
  const [ours, bare] = [median(pairs.map((pair) => pair.ours)), median(pairs.map((pair) => pair.bare))];
  print(
    `${what}\n  ours ${ours.toFixed(0)}   bare ${bare.toFixed(0)}   ratio ${(ratio * 100).toFixed(0)} % (target ${aim})`,
  );
}

async function dispatch(ours: Ours, bare: BareStream): Promise<void> {
  const raw = await bareDispatch(bare, dispatches);
  const mine = await ourDispatch(ours, dispatches);
  const ms = (value: number): string => value.toFixed(2);
  print(
    `dispatch latency, ms: submit acknowledged to attempt started, compared with publish to receive (${dispatches} each)\n` +
      `  ours p50 ${ms(mine.p50)} p99 ${ms(mine.p99)} max ${ms(mine.max)}   bare p50 ${ms(raw.p50)} p99 ${ms(raw.p99)} ` +
      `max ${ms(raw.max)}   p99 ratio ${(mine.p99 / raw.p99).toFixed(1)} (target ≤ 5)`,
  );
}

async function memory(): Promise<void> {
  const worker = await workerMemory();
  print(
    `worker, resident MB: idle ${worker.idle}, peak with 10 images of ${worker.imageMb} MB in flight ${worker.busy} (target < 150)`,
  );
  const api = await apiMemory(100_000);
  print(`API, resident MB: idle ${api.idle}, with 100,000 open tasks ${api.full} (target < 200)`);
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);

await main(process.argv.slice(2));
