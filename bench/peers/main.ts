// `make bench-peers`: Genwarden beside BullMQ on a real Redis, by the same work with the same durability, in alternating rounds.
// Every round starts new servers, and counts afterwards what was stored and what ended.

import { parseArgs } from 'node:util';
import { machine, machineLines, save, versions, type PeersResult, type Series } from '../result.ts';
import { openBullmq } from './bullmq.ts';
import { durabilities, type Contender, type ContenderName, type Durability } from './contender.ts';
import { openBare, openGenwarden } from './genwarden.ts';
import { runBareRound, runRound, type Figures, type Sizes } from './round.ts';
import { measures, peersTable, rounded } from './table.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    /** Tasks a round; the requests over HTTP are half as many. */
    size: { type: 'string', default: '20000' },
    /** `always` waits for the disk with every write: so many times fewer tasks. */
    'always-divisor': { type: 'string', default: '10' },
    processes: { type: 'string', default: '1,2' },
    durability: { type: 'string', default: 'default,always' },
    json: { type: 'string' },
    /** Says on stderr what it does. */
    verbose: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '40' },
  },
});

const open: Record<ContenderName, (durability: Durability) => Promise<Contender>> = {
  ours: openGenwarden,
  bullmq: openBullmq,
  bare: openBare,
};

const rounds = Number(values.rounds);
const processCounts = values.processes.split(',').map(Number);
const asked = values.durability.split(',').map((name) => {
  if (!Object.hasOwn(durabilities, name))
    throw new Error(`--durability ${name}: ${Object.keys(durabilities).join(', ')}`);
  return name as Durability;
});
const limit = setTimeout(() => fail(`not done after ${values.minutes} minutes`), Number(values.minutes) * 60_000);
limit.unref();

const result = { startedAt: new Date().toISOString(), machine: machine(), versions: versions(), options: values };
print(machineLines(result));
const series: Series[] = [];
for (const durability of asked) series.push(...(await compare(durability)));
print(`\n${peersTable(series)}A lead above 1 means that Genwarden is better: median (least–most) of ${rounds} rounds.`);
save(values.json, { ...result, series } satisfies PeersResult);

async function compare(durability: Durability): Promise<Series[]> {
  const { redis, syncInterval } = durabilities[durability];
  print(`\n${durability}: Redis appendonly yes, appendfsync ${redis}; JetStream sync_interval ${syncInterval}`);
  const figures = new Map<string, Figures[]>();
  for (let round = 0; round < rounds; round += 1) {
    for (const processes of processCounts) {
      for (const name of ['ours', 'bullmq', 'bare'] as const) {
        // It has an API only, whose worker processes do not matter.
        if (name === 'bare' && processes !== processCounts[0]) continue;
        const all = await turn(name, durability, processes);
        figures.set(`${name} ${processes}`, [...(figures.get(`${name} ${processes}`) ?? []), all]);
        print(`round ${round + 1}, ${processes} ${name}: ${short(all)}`);
      }
    }
  }
  return processCounts.flatMap((processes) =>
    measures.map(([name, , unit, better]) => {
      const of = (system: string, at: number): number[] =>
        (figures.get(`${system} ${at}`) ?? []).map((all) => all[name]!);
      const bare = name.startsWith('http') && name !== 'httpToEnd' ? { bare: of('bare', processCounts[0]!) } : {};
      const of3 = { ours: of('ours', processes), bullmq: of('bullmq', processes), ...bare };
      return { name, durability, processes, unit, better, values: of3 };
    }),
  );
}

async function turn(name: ContenderName, durability: Durability, processes: number): Promise<Figures> {
  await using contender = await open[name](durability);
  const sizes = sizesOf(durability);
  // Awaited here, or the server would stop first.
  return await (name === 'bare' ? runBareRound(contender, sizes) : runRound(contender, processes, sizes, step));
}

function sizesOf(durability: Durability): Sizes {
  const tasks = Math.round(Number(values.size) / (durability === 'always' ? Number(values['always-divisor']) : 1));
  const requests = Math.max(1_000, Math.round(tasks / 2));
  return { tasks, atOnce: 500, slots: 200, paced: 300, everyMs: 10, requests, connections: 64 };
}

function short(all: Figures): string {
  return Object.entries(all)
    .map(([name, value]) => `${name} ${rounded(value)}`)
    .join(', ');
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function step(what: string): void {
  if (values.verbose) process.stderr.write(`  ${(performance.now() / 1_000).toFixed(1)} s: ${what}\n`);
}

function fail(why: string): void {
  process.stderr.write(`${why}\n`);
  process.exit(1);
}
