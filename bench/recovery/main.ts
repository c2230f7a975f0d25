// `make bench-recovery`: the time from a fault until the affected tasks run elsewhere or are terminal, with real processes
// under load, compared with BullMQ at its defaults. Takes at most eight minutes by default.

import { parseArgs } from 'node:util';
import { median } from '../measure.ts';
import { bullmqRecovery } from './bullmq.ts';
import type { Plan } from './faults.ts';
import { Fleet, slotsPerWorker, type FleetOptions } from './fleet.ts';
import { blockable, blockLoop, freezeBusy, freezeIdle } from './frozen.ts';
import { killByBeatsAlone, killWithFreeSlots, killWithLeader, killWithoutFreeSlots } from './killed.ts';
import { hungProvider, restartNats } from './others.ts';
import { tableOf, type Row } from './row.ts';

const kinds = ['sigkill', 'full', 'beats', 'sigstop', 'blocked', 'idle', 'hung', 'nats', 'leader', 'bullmq'] as const;
type Kind = (typeof kinds)[number];

interface Asked {
  /** How often a worker is killed while slots are free elsewhere. */
  readonly kills: number;
  /** How often everything else is done; what is slow, half or a quarter as often. */
  readonly others: number;
  readonly only: ReadonlySet<Kind>;
  readonly minutes: number;
}

const usage = `usage: main.ts [--kills 100] [--others 20] [--minutes 8] [--only ${kinds.join(',')}]`;
/** Stopping what runs, and a fault that is under way. */
const reserveMs = 30_000;
/** Beyond the minutes asked for, ms. */
const graceMs = 90_000;
const harms: string[] = [];

async function main(asked: Asked): Promise<void> {
  const begun = performance.now();
  // Each row has its own time limit; this one covers the unexpected.
  setTimeout(() => process.exit(1), asked.minutes * 60_000 + graceMs).unref();
  const at = (share: number): number => begun + (asked.minutes * 60_000 - reserveMs) * share;
  // Beside everything else, as it only waits once it has started.
  const started = Promise.withResolvers<void>();
  const peer = asked.only.has('bullmq')
    ? bullmqRecovery(asked.others, started.resolve).catch(failed('BullMQ'))
    : undefined;
  if (peer !== undefined) await Promise.race([started.promise, peer]);
  const kills = await rowsOf(asked, ['sigkill', 'full'], () => killRows(asked, at(0.5), at(0.62)));
  const plain = kills.find(({ fault }) => fault === 'SIGKILL: runs elsewhere')?.times ?? [];
  const plainMedian = plain.length === 0 ? undefined : median(plain);
  const plan = { count: asked.others, deadline: at(1) };
  const slow = await Promise.all([
    silentRow('beats', asked, { systemAccount: false }, (fleet) => killByBeatsAlone(fleet, plan)),
    silentRow('sigstop', asked, {}, (fleet) => freezeBusy(fleet, plan)),
    silentRow('blocked', asked, { workerEnv: blockable }, (fleet) => blockLoop(fleet, part(plan, 2))),
    rowsOf(asked, ['idle', 'hung', 'nats'], () => quietRows(asked, plan)),
    rowsOf(asked, ['leader'], () => leaderRows(part(plan, 2), plainMedian)),
  ]);
  const theirs = peer === undefined ? [] : [await peer];
  const rows = [...kills, ...slow.flat(), ...theirs];
  print(`\nrecovery, ms; tasks of about 2 s, workers with ${slotsPerWorker} slots, default settings otherwise\n`);
  print(tableOf(rows));
  for (const line of harms) print(line);
  if (plainMedian !== undefined && theirs[0] !== undefined && theirs[0].times.length > 0)
    print(
      `BullMQ's median is ${(median(theirs[0].times) / plainMedian).toFixed(1)} times ours (SIGKILL to running elsewhere)`,
    );
  print(`took ${((performance.now() - begun) / 1_000).toFixed(0)} s`);
}

/** Four workers and one to be killed; ours runs alone, as it is a matter of milliseconds. */
async function killRows({ kills, others, only }: Asked, deadline: number, deadlineFull: number): Promise<Row[]> {
  const rows: Row[] = [];
  const parts = [
    {
      kind: 'sigkill',
      open: 14,
      measure: async (fleet: Fleet) => [await killWithFreeSlots(fleet, { count: kills, deadline })],
    },
    {
      kind: 'full',
      open: 40,
      measure: (fleet: Fleet) => killWithoutFreeSlots(fleet, { count: others, deadline: deadlineFull }),
    },
  ] as const;
  for (const { kind, open, measure } of parts) {
    if (!only.has(kind)) continue;
    await inFleet({ systemAccount: true, workers: 4 }, kind, async (fleet) => {
      fleet.load(open);
      rows.push(...(await measure(fleet)));
    });
  }
  return rows;
}

/** Faults that only missing heartbeats reveal. They take long, so each has its own fleet and runs beside the others. */
async function silentRow(
  kind: Kind,
  asked: Asked,
  options: Partial<FleetOptions>,
  measure: (fleet: Fleet) => Promise<Row>,
): Promise<Row[]> {
  return rowsOf(asked, [kind], () =>
    inFleet({ systemAccount: true, workers: 4, ...options }, kind, async (fleet) => {
      fleet.load(10);
      return [await measure(fleet)];
    }),
  );
}

async function quietRows({ only }: Asked, plan: Plan): Promise<Row[]> {
  return inFleet({ systemAccount: true, workers: 4 }, 'idle, hung, nats', async (fleet) => {
    const rows: Row[] = [];
    // A frozen worker holds up to three deliveries, one a lane.
    if (only.has('idle')) rows.push(await freezeIdle(fleet, part(plan, 2)));
    fleet.load(10);
    if (only.has('hung')) rows.push(await hungProvider(fleet, plan));
    if (only.has('nats')) rows.push(await restartNats(fleet, part(plan, 4)));
    return rows;
  });
}

async function leaderRows(plan: Plan, plainMedian: number | undefined): Promise<Row[]> {
  return inFleet({ systemAccount: true, workers: 4 }, 'leader', async (fleet) => {
    fleet.load(14);
    return killWithLeader(fleet, plan, plainMedian);
  });
}

const part = ({ count, deadline }: Plan, of: number): Plan => ({ count: Math.ceil(count / of), deadline });

/** Runs in a separate installation, then checks that every task kept its promises. */
async function inFleet<T>(options: FleetOptions, name: string, measure: (fleet: Fleet) => Promise<T>): Promise<T> {
  await using fleet = await Fleet.start(options);
  const result = await measure(fleet);
  const { tasks, lost, double } = await fleet.settle();
  const outages = fleet.outages();
  const held =
    outages.length === 0 ? '' : `; controllers saw ${outages.length} outages (${[...new Set(outages)].join(', ')})`;
  harms.push(`${name}: ${tasks} tasks acknowledged, ${lost} lost, ${double} succeeded twice${held}`);
  if (lost + double > 0) process.exitCode = 1;
  return result;
}

async function rowsOf({ only }: Asked, wanted: readonly Kind[], measure: () => Promise<Row[]>): Promise<Row[]> {
  if (!wanted.some((kind) => only.has(kind))) return [];
  return measure().catch((error: unknown) => [failed(wanted.join(', '))(error)]);
}

/** A row that could not be measured does not hide the others. */
const failed =
  (fault: string) =>
  (error: unknown): Row => {
    process.exitCode = 1;
    return {
      fault,
      faults: 0,
      times: [],
      note: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  };

function read(args: string[]): Asked {
  const options = {
    kills: { type: 'string' },
    others: { type: 'string' },
    minutes: { type: 'string' },
    only: { type: 'string' },
  } as const;
  const { values } = parseArgs({ args, options });
  const only = values.only?.split(',') ?? [...kinds];
  const unknown = only.filter((kind) => !kinds.some((known) => known === kind));
  const [kills, others, minutes] = [values.kills ?? 100, values.others ?? 20, values.minutes ?? 8].map(Number);
  const numbers = [kills!, others!, minutes!];
  if (unknown.length > 0 || !numbers.every((value) => value > 0)) throw new Error(`not understood: ${args.join(' ')}`);
  return { kills: kills!, others: others!, minutes: minutes!, only: new Set(only as Kind[]) };
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);

// Child processes and temporary folders are removed with this process, however it ends.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

try {
  await main(read(process.argv.slice(2)));
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  process.exitCode = 2;
}
// Whatever a client library still waits for.
process.exit();
