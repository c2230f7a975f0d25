// `genwarden top`: a table of the pools and one of the workers, refreshed on a terminal.

import type { Command } from 'commander';
import { createLogUpdate } from 'log-update';
import { sleep } from '../../async/sleep.ts';
import type { GenwardenClient, Pool, Worker } from '../../client/index.ts';
import { parseDuration } from '../../job/duration.ts';
import { paintFor } from '../output/colours.ts';
import { ageOf, formatBytes } from '../output/format.ts';
import type { Io } from '../output/io.ts';
import { outputOption, printAs, type OutputFormat } from '../output/print.ts';
import { renderTable, type Column, type TableOptions } from '../output/table.ts';
import { isTemporary, whyUnreachable } from './connection.ts';
import { durationText } from './optionParsers.ts';
import { clientCommand, withClient } from './session.ts';

interface TopOptions {
  readonly interval: string;
  readonly once?: true;
  readonly output: OutputFormat;
}

export function addTop(program: Command, io: Io): void {
  clientCommand(
    program,
    'top',
    'Show pools and workers with their queues, slots, memory and event-loop lag; updates live on a terminal',
  )
    .option('--interval <duration>', 'time between updates', durationText, '2s')
    .option('--once', 'print once and exit (the default without a terminal)')
    .addOption(outputOption())
    .action(
      withClient(io, async (client, { interval, once, output }: TopOptions) => {
        const live = output === 'table' && once !== true && io.stdout.isTTY === true;
        if (live) return showLive(io, client, Math.max(200, parseDuration(interval)!));
        const snapshot = await snapshotOf(client);
        printAs(io, output, snapshot, (options) => topLines(snapshot, { ...options, now: io.now() }));
      }),
    );
}

interface Snapshot {
  readonly pools: readonly Pool[];
  readonly workers: readonly Worker[];
}

async function snapshotOf(client: GenwardenClient): Promise<Snapshot> {
  const [pools, workers] = await Promise.all([client.pools(), client.workers()]);
  return { pools, workers };
}

/** Runs until a signal ends the process or the API rejects a request. During an outage the last tables stay, with a notice. */
async function showLive(io: Io, client: GenwardenClient, everyMs: number): Promise<void> {
  const screen = createLogUpdate(io.stdout);
  const paint = paintFor(io, io.stdout);
  let snapshot: Snapshot | undefined;
  try {
    for (;;) {
      let outage: string | undefined;
      try {
        snapshot = await snapshotOf(client);
      } catch (error) {
        // Fail immediately if there is nothing to show yet.
        if (snapshot === undefined || !isTemporary(error)) throw error;
        outage = whyUnreachable(error);
      }
      const [width, rows] = [io.stdout.columns || 80, io.stdout.rows || 24];
      const notice =
        outage === undefined ? [] : [paint('yellow', `API unavailable, retrying: ${outage}`.slice(0, width))];
      const lines = topLines(snapshot, { width, now: io.now() }).slice(0, rows - 1 - notice.length);
      screen([...lines, ...notice].join('\n'));
      await sleep(everyMs);
    }
  } finally {
    screen.done();
  }
}

/** The busiest workers come first. `now` in ms since 1970. */
function topLines({ pools, workers }: Snapshot, { now, ...options }: TableOptions & { now: number }): string[] {
  const busiest = workers.toSorted((a, b) => b.slots.busy - a.slots.busy || (a.name < b.name ? -1 : 1));
  return [
    ...renderTable(pools, poolColumns(workers, now), options),
    '',
    ...(workers.length === 0 ? ['No live workers.'] : renderTable(busiest, workerColumns(now), options)),
  ];
}

function poolColumns(workers: readonly Worker[], now: number): Column<Pool>[] {
  const slotsOf = (pool: string): string => {
    const slots = workers.filter((worker) => worker.pool === pool).map((worker) => worker.slots);
    const sum = (pick: (of: Worker['slots']) => number): number => slots.reduce((all, of) => all + pick(of), 0);
    return `${sum(({ busy }) => busy)}/${sum(({ total }) => total)}`;
  };
  return [
    { title: 'POOL', value: ({ name, paused }) => (paused ? `${name} (paused)` : name) },
    { title: 'QUEUED', value: ({ queued }) => queued, align: 'right' },
    { title: 'OLDEST', value: ({ oldestQueuedAt }) => ageOf(oldestQueuedAt, now), align: 'right' },
    { title: 'RUNNING', value: ({ running }) => running, align: 'right' },
    { title: 'WAITING', value: ({ waiting }) => waiting, align: 'right' },
    { title: 'WORKERS', value: ({ workers: count }) => count, align: 'right' },
    { title: 'SLOTS', value: ({ name }) => slotsOf(name), align: 'right' },
    { title: 'KEYS COOLING', value: coolingKeys, align: 'right' },
  ];
}

function coolingKeys({ keys }: Pool): string {
  return `${keys.filter(({ state }) => state === 'cooling' || state === 'refused').length}/${keys.length}`;
}

function workerColumns(now: number): Column<Worker>[] {
  return [
    { title: 'WORKER', value: ({ name }) => name },
    { title: 'POOL', value: ({ pool }) => pool },
    { title: 'SLOTS', value: ({ slots }) => `${slots.busy}/${slots.total}`, align: 'right' },
    { title: 'MEMORY', value: ({ memory }) => formatBytes(memory), align: 'right' },
    { title: 'LAG', value: ({ eventLoopLag }) => `${Math.round(eventLoopLag)}ms`, align: 'right' },
    { title: 'BEAT', value: ({ lastBeat }) => ageOf(lastBeat, now), align: 'right' },
    { title: 'STATUS', value: ({ draining }) => (draining ? 'draining' : 'ready') },
    { title: 'TASKS', value: ({ tasks }) => tasks.map(({ job, task }) => `${job}/${task}`).join(' ') },
  ];
}
